"""Recipes for autoencoders without a density of z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Autoencoder: loss = -log p(x|f(x)).

    Args as in `vae`.

    Source: Prince 2023, chapter 17.

    Example:
        >>> autoencoder((30,)).has_density
        False
    """
    objective = tfvae.objectives.Reconstruction()
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def denoising_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    corruption: float = 0.3,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Denoising autoencoder: loss = -log p(x|f(x + noise)).

    Args as in `vae`, and
        corruption: standard deviation of the noise added to what the encoder sees in training.

    Source: Vincent et al. 2008, section 2.3.

    Example:
        >>> denoising_autoencoder((30,), corruption=0.1).encoder.layers[0].stddev
        0.1
    """
    if encoder is None:
        encoder = tfvae.networks.conv() if len(shape) == 3 else tfvae.networks.mlp()
    encoder = tfvae.networks.chain(tfvae.layers.GaussianNoise(corruption), encoder)
    objective = tfvae.objectives.Reconstruction()
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def sparse_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 3.0,
    rate: float = 0.05,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Sparse autoencoder: loss = -log p(x|f(x)) + weight sum_j KL(rate || mean activation of unit j).

    Args as in `vae`, and
        weight: of the penalty.
        rate: share of the time that a unit is to be active.

    Source: Ng 2011, section 3.

    Example:
        >>> sparse_autoencoder((30,), rate=0.1).objective.rate
        0.1
    """
    objective = tfvae.objectives.SparseAutoencoder(weight, rate)
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def contractive_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 0.1,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Contractive autoencoder: loss = -log p(x|f(x)) + weight ||df/dx||_F^2.

    Args as in `vae`, and
        weight: of the penalty.

    Source: Rifai et al. 2011, equation 1.

    Example:
        >>> contractive_autoencoder((30,), weight=1.0).objective.weight.value
        1.0
    """
    objective = tfvae.objectives.ContractiveAutoencoder(weight)
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )
