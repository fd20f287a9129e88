"""Recipes that match the aggregated posterior to the prior, or data to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def info_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    alpha: float = 0.0,
    weight: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """InfoVAE: loss = distortion + (1 - alpha) rate + (alpha + weight - 1) MMD(q(z), p(z)).

    Args as in `vae`, and
        alpha: 1 leaves the rate out and is the MMD-VAE, 0 keeps all of it.
        weight: lambda of the paper.

    Source: Zhao et al. 2019, equation 6.

    Example:
        >>> info_vae((30,), alpha=1.0).objective.alpha
        1.0
    """
    objective = tfvae.objectives.InfoVAE(alpha, weight)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def wae_mmd(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Wasserstein autoencoder with MMD: loss = distortion + weight MMD(q(z), p(z)), z = f(x).

    Args as in `vae`, and
        weight: of the discrepancy.

    Source: Tolstikhin et al. 2018, algorithm 2.

    Example:
        >>> wae_mmd((30,)).has_density
        False
    """
    objective = tfvae.objectives.WassersteinMMD(weight)
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def aae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 1.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Adversarial autoencoder: loss = distortion - weight log D(f(x)), D a critic that tells f(x) from p(z).

    Args as in `vae`, and
        weight: of the adversarial term.

    Source: Makhzani et al. 2016, section 2.

    Example:
        >>> aae((30,)).has_density
        False
    """
    objective = tfvae.objectives.AdversarialAutoencoder(weight)
    return assemble(
        shape, tfvae.posteriors.Point(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def vae_gan(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 1.0,
    distortion: float = 1.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE-GAN: the distortion measured in a critic's features, which also tells data from samples.

    Args as in `vae`, and
        weight: of the adversarial term.
        distortion: weight of -E_q log p(x|z) beside the features' error, which steadies the start; 0 in the
            paper.

    Source: Larsen et al. 2016, equations 7 and 8.

    Example:
        >>> "critic_loss" in vae_gan((30,)).objective.terms
        True
    """
    objective = tfvae.objectives.VAEGAN(weight, distortion_weight=distortion)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )
