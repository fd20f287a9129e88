"""Recipe for tables whose columns are of several kinds."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, assemble
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Nazabal et al. 2020", "sections 3 and 4", data=DataKind.MIXED_ROWS)
def hi_vae(
    shape: tuple[int],
    latent_dim: int = 16,
    columns: tuple[str, ...] = ("real",),
    num_components: int = 10,
    warmup_steps: int = 1000,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """HI-VAE: a likelihood for each column of a mixed table, a mixture prior; NaN is missing.

    Args:
        shape: (columns,) of a row.
        latent_dim: number of latent dimensions.
        columns: what each column holds: real, positive, count, category:K or ordinal:K; one for all
            columns, or one each.
        num_components: number of components of the prior.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; without them
            columns of little information may be left to their most frequent value.
        encoder: network from x to features; None means an MLP.
        decoder: network from z to features; None means an MLP.

    Raises:
        InvalidInput: a kind of column is unknown, or there is not one for each column.

    Source: Nazabal et al. 2020, sections 3 and 4.

    Example:
        >>> hi_vae((2,), columns=("real", "category:3")).reconstruct([[0.5, float("nan")]]).shape
        (1, 2)
    """
    columns = columns * shape[0] if len(columns) == 1 else columns
    if len(columns) != shape[0]:
        raise tfvae.InvalidInput("columns", f"one kind, or one for each of {shape[0]} columns", columns)
    likelihood = tfvae.likelihoods.MixedColumns(tuple(_column(text) for text in columns))
    prior = tfvae.priors.Mixture(latent_dim, num_components)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, annealed_elbo(warmup_steps))


def _column(text: str) -> "tfvae.likelihoods.Column":
    """Return the kind of column that a text such as "real" or "category:3" names."""
    likelihoods = tfvae.likelihoods
    plain = {"real": likelihoods.Real, "positive": likelihoods.Positive, "count": likelihoods.Count}
    sized = {"category": likelihoods.Category, "ordinal": likelihoods.Ordinal}
    name, _, size = text.partition(":")
    if name in plain and not size:
        return plain[name]()
    if name in sized and size.isdecimal():
        return sized[name](int(size))
    raise tfvae.InvalidInput("columns", "real, positive, count, category:K or ordinal:K", text)
