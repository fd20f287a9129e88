"""Recipe for recommendation: which items a user will choose, from counts of those chosen so far."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Liang et al. 2018", "equations 2 and 5", data=DataKind.COUNTS)
def mult_vae(
    shape: tuple[int],
    latent_dim: int = 16,
    beta: float = 0.2,
    warmup_steps: int = 10000,
    corruption: float = 0.5,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Mult-VAE for collaborative filtering: multinomial likelihood of a row of counts, annealed beta.

    Args:
        shape: (items,) of a user's row of counts.
        latent_dim: number of latent dimensions.
        beta: weight of the rate after annealing.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to beta.
        corruption: fraction of the entries that are hidden from the encoder in training.
        encoder: network from x to features; None means an MLP.
        decoder: network from z to features; None means an MLP.

    Source: Liang et al. 2018, equations 2 and 5.

    Example:
        >>> mult_vae((30,)).objective.beta.end
        0.2
    """
    likelihood = tfvae.likelihoods.Multinomial(shape)
    networks, hidden = tfvae.networks, tfvae.layers.MaskingNoise(corruption)
    encoder = networks.chain(hidden, networks.mlp() if encoder is None else encoder)
    objective = tfvae.objectives.ELBO(tfvae.schedules.Linear(0.0, beta, warmup_steps))
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
