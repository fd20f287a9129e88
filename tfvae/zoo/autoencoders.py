"""Recipes for autoencoders without a density of z."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Prince 2023", "chapter 17")
def autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Autoencoder: loss = -log p(x|f(x)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Prince 2023, chapter 17.

    Example:
        >>> autoencoder((30,)).has_density
        False
    """
    objective = tfvae.objectives.Reconstruction()
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Vincent et al. 2008", "section 2.3")
def denoising_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    corruption: float = 0.3,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Denoising autoencoder: loss = -log p(x|f(x + noise)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        corruption: standard deviation of the noise added to what the encoder sees in training, in the units
            of x.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Vincent et al. 2008, section 2.3.

    Example:
        >>> denoising_autoencoder((30,), corruption=0.1).encoder.layers[0].stddev
        0.1
    """
    if encoder is None:
        encoder = tfvae.networks.conv() if len(shape) == 3 else tfvae.networks.mlp()
    encoder = tfvae.networks.chain(tfvae.layers.GaussianNoise(corruption), encoder)
    objective = tfvae.objectives.Reconstruction()
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Ng 2011", "section 3")
def sparse_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 3.0,
    rate: float = 0.05,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Sparse autoencoder: loss = -log p(x|f(x)) + weight sum_j KL(rate || mean activation of unit j).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        weight: weight of the penalty.
        rate: mean activation that each unit is to have, in (0, 1).
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Ng 2011, section 3.

    Example:
        >>> sparse_autoencoder((30,), rate=0.1).objective.rate
        0.1
    """
    objective = tfvae.objectives.SparseAutoencoder(weight, rate)
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Rifai et al. 2011", "equation 1")
def contractive_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 0.1,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Contractive autoencoder: loss = -log p(x|f(x)) + weight ||df/dx||_F^2.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        weight: weight of the penalty.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Rifai et al. 2011, equation 1.

    Example:
        >>> contractive_autoencoder((30,), weight=1.0).objective.weight.value
        1.0
    """
    objective = tfvae.objectives.ContractiveAutoencoder(weight)
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
