"""Recipe for the linear VAE, whose optimum is known exactly."""

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import DataKind, Recipe


@Recipe("Lucas et al. 2019", "equation 5", data=DataKind.ROWS)
def linear_vae(shape: tuple[int, ...], latent_dim: int = 16) -> "tfvae.VAE":
    """Linear VAE: x = W z + b + s noise, whose optimum is probabilistic PCA.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.

    Source: Lucas et al. 2019, equation 5; Tipping and Bishop 1999, section 3.

    Example:
        >>> len(linear_vae((30,), latent_dim=2).decoder.weights)
        0
    """
    encoder, decoder = tfvae.networks.linear(), tfvae.networks.linear()
    likelihood = tfvae.likelihoods.Normal(shape)
    return assemble(shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder)
