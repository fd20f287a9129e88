"""Recipes for tables, counts and missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def mult_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    beta: float = 0.2,
    warmup_steps: int = 10000,
    corruption: float = 0.5,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Mult-VAE for collaborative filtering: multinomial likelihood of a row of counts, annealed beta.

    Args as in `vae`, and
        beta: weight of the rate at the end.
        warmup_steps: steps over which it rises from 0.
        corruption: share of the entries that the encoder does not see in training.

    Source: Liang et al. 2018, equations 2 and 5.

    Example:
        >>> mult_vae((30,)).objective.beta.end
        0.2
    """
    likelihood = tfvae.likelihoods.Multinomial(shape)
    networks, hidden = tfvae.networks, tfvae.layers.MaskingNoise(corruption)
    encoder = networks.chain(hidden, networks.mlp() if encoder is None else encoder)
    objective = tfvae.objectives.ELBO(tfvae.schedules.Linear(0.0, beta, warmup_steps))
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def miwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 20,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """MIWAE: the importance-weighted bound of what was observed, log p(x_obs); NaN is missing.

    Args as in `vae`, and
        num_samples: K of the bound.

    Source: Mattei and Frellsen 2019, equation 4.

    Example:
        >>> miwae((3,)).elbo([[0.0, float("nan"), 1.0]]).shape
        (1,)
    """
    likelihood = tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.StudentT(shape))
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def not_miwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 20,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """not-MIWAE: MIWAE with a model of which values are missing, as what is missing depends on its value.

    Args as in `vae`, and
        num_samples: K of the bound.

    Source: Ipsen et al. 2021, equation 4.

    Example:
        >>> not_miwae((3,)).elbo([[0.0, float("nan"), 1.0]]).shape
        (1,)
    """
    likelihood = tfvae.likelihoods.MissingNotAtRandom(tfvae.likelihoods.Normal(shape))
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def hi_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    columns: tuple[str, ...] = ("real",),
    num_components: int = 10,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """HI-VAE: a likelihood for each column of a mixed table, a mixture prior; NaN is missing.

    Args as in `vae`, and
        columns: what each column holds: real, positive, count, category:K or ordinal:K; one for all
            columns, or one each.
        num_components: of the prior.

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
    return assemble(shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, prior)


def _column(text: str) -> tfvae.likelihoods.Column:
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
