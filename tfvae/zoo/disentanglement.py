"""Recipes that favor independent latent dimensions."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Higgins et al. 2017", "equation 4")
def beta_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    beta: float = 4.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """beta-VAE: loss = -E_q log p(x|z) + beta KL(q(z|x) || p(z)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        beta: weight of the rate; above 1 it favors few, independent latent dimensions.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Higgins et al. 2017, equation 4.

    Example:
        >>> beta_vae((30,), latent_dim=4, beta=2.0).objective.beta.value
        2.0
    """
    objective = tfvae.objectives.ELBO(beta=beta)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Chen et al. 2018", "equation 4")
def beta_tcvae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    beta: float = 6.0,
    dataset_size: int | None = None,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """beta-TCVAE: loss = distortion + I(x; z) + beta TC(z) + sum_j KL(q(z_j) || p(z_j)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        beta: weight of the total correlation.
        dataset_size: number of training examples, which the estimate of q(z) needs; None means that of the
            data given to `fit`.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Chen et al. 2018, equation 4.

    Example:
        >>> beta_tcvae((30,), beta=2.0).objective.beta.value
        2.0
    """
    objective = tfvae.objectives.BetaTCVAE(beta, dataset_size)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Kim and Mnih 2018", "equation 2")
def factor_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    gamma: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """FactorVAE: loss = distortion + rate + gamma TC(z), with TC from a critic that tells z from permuted z.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        gamma: weight of the total correlation.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Kim and Mnih 2018, equation 2.

    Example:
        >>> factor_vae((30,), gamma=5.0).objective.gamma.value
        5.0
    """
    objective = tfvae.objectives.FactorVAE(gamma)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Kumar et al. 2018", "equation 6")
def dip_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    diagonal: float = 100.0,
    off_diagonal: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """DIP-VAE-I: loss = -ELBO + a sum_j (C_jj - 1)^2 + b sum_{i != j} C_ij^2,  C = Cov of E[z|x] over x.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        diagonal: a, weight of the variances.
        off_diagonal: b, weight of the covariances.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Kumar et al. 2018, equation 6.

    Example:
        >>> dip_vae((30,), off_diagonal=5.0).objective.off_diagonal.value
        5.0
    """
    objective = tfvae.objectives.DIPVAE1(diagonal, off_diagonal)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
