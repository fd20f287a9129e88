"""Recipe that minimizes the rate under a constraint on the reconstructions."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Rezende and Viola 2018", "section 2.2 and algorithm 1")
def geco_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    tolerance: float = 0.1,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """GECO: the least rate at which reconstructions have a root mean square error of `tolerance`.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        tolerance: root mean square error per element, in the units of x.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Rezende and Viola 2018, section 2.2 and algorithm 1.

    Example:
        >>> geco_vae((30,), tolerance=0.2).objective.tolerance
        0.2
    """
    objective = tfvae.objectives.GECO(tolerance)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
