"""Recipe whose posterior takes leapfrog steps of Hamiltonian dynamics."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Salimans et al. 2015", "section 4")
def hamiltonian_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_steps: int = 3,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE whose draws of z follow the gradient of log p(x, z) for some leapfrog steps.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_steps: number of leapfrog steps.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Salimans et al. 2015, section 4.

    Example:
        >>> hamiltonian_vae((30,), num_steps=1).elbo([[0.0] * 30]).shape
        (1,)
    """
    return assemble(shape, tfvae.posteriors.Hamiltonian(latent_dim, num_steps), likelihood, encoder, decoder)
