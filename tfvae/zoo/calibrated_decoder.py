"""Recipe with a normal likelihood whose scale is optimal, so that the rate needs no weight."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Rybkin et al. 2021", "section 3, equation 5")
def sigma_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """sigma-VAE: a normal likelihood whose scale is that of the reconstruction errors; no beta to choose.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Rybkin et al. 2021, section 3, equation 5.

    Example:
        >>> type(sigma_vae((30,)).likelihood.scale).__name__
        'Optimal'
    """
    likelihood = tfvae.likelihoods.Normal(shape, tfvae.scales.Optimal())
    return assemble(shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder)
