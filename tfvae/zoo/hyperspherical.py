"""Recipe whose latent space is the unit sphere."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Davidson et al. 2018", "section 3")
def hyperspherical_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE on the unit sphere: power spherical posterior, uniform prior.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of entries of z, of which each is a unit vector.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Davidson et al. 2018, section 3; De Cao and Aziz 2020, section 2.

    Example:
        >>> hyperspherical_vae((30,), latent_dim=3).sample(2).shape
        (2, 30)
    """
    posterior, prior = tfvae.posteriors.PowerSpherical(latent_dim), tfvae.priors.SphereUniform(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior)
