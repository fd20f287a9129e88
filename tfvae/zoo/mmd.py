"""Recipes that match q(z), the aggregated posterior, to p(z) by the maximum mean discrepancy (MMD)."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Zhao et al. 2019", "equation 6")
def info_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    alpha: float = 1.0,
    weight: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """InfoVAE: loss = distortion + (1 - alpha) rate + (alpha + weight - 1) MMD(q(z), p(z)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        alpha: weight of the mutual information I(x; z), which the rate punishes and this term gives back:
            1 leaves the rate out and is the MMD-VAE, 0 keeps all of it, so that a powerful decoder may leave
            z out.
        weight: lambda of the paper.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Zhao et al. 2019, equation 6.

    Example:
        >>> info_vae((30,), alpha=0.5).objective.alpha
        0.5
    """
    objective = tfvae.objectives.InfoVAE(alpha, weight)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Tolstikhin et al. 2018", "algorithm 2")
def wae_mmd(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Wasserstein autoencoder with MMD: loss = distortion + weight MMD(q(z), p(z)), z = f(x).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        weight: weight of the discrepancy.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Tolstikhin et al. 2018, algorithm 2.

    Example:
        >>> wae_mmd((30,)).has_density
        False
    """
    objective = tfvae.objectives.WassersteinMMD(weight)
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
