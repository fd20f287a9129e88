"""Recipes that press toward independent latent dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def beta_tcvae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    beta: float = 6.0,
    dataset_size: int = 50000,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """beta-TCVAE: loss = distortion + I(x; z) + beta TC(z) + sum_j KL(q(z_j) || p(z_j)).

    Args as in `vae`, and
        beta: weight of the total correlation.
        dataset_size: number of training examples, which the estimate of q(z) needs.

    Source: Chen et al. 2018, equation 4.

    Example:
        >>> beta_tcvae((30,), beta=2.0).objective.beta.value
        2.0
    """
    objective = tfvae.objectives.BetaTCVAE(beta, dataset_size)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def factor_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    gamma: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """FactorVAE: loss = distortion + rate + gamma TC(z), with TC from a critic that tells z from permuted z.

    Args as in `vae`, and
        gamma: weight of the total correlation.

    Source: Kim and Mnih 2018, equation 2.

    Example:
        >>> factor_vae((30,), gamma=5.0).objective.gamma.value
        5.0
    """
    objective = tfvae.objectives.FactorVAE(gamma)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def dip_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    diagonal: float = 100.0,
    off_diagonal: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """DIP-VAE-I: loss = -ELBO + a sum_j (C_jj - 1)^2 + b sum_{i != j} C_ij^2,  C = Cov of E[z|x] over x.

    Args as in `vae`, and
        diagonal: a, weight of the variances.
        off_diagonal: b, weight of the covariances.

    Source: Kumar et al. 2018, equation 6.

    Example:
        >>> dip_vae((30,), off_diagonal=5.0).objective.off_diagonal.value
        5.0
    """
    objective = tfvae.objectives.DIPVAE1(diagonal, off_diagonal)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )
