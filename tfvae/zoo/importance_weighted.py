"""Recipes whose objective is a bound other than the ELBO."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def iwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 50,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Importance-weighted autoencoder: loss = -E log((1/K) sum_k p(x, z_k) / q(z_k|x)).

    Args as in `vae`, and
        num_samples: K; the bound tightens as it grows, and so does the cost.

    Source: Burda et al. 2016, equation 8.

    Example:
        >>> iwae((30,), num_samples=5).objective.num_samples
        5
    """
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def renyi_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    alpha: float = 0.5,
    num_samples: int = 10,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Renyi VAE: loss = -log((1/K) sum_k w_k^(1 - alpha)) / (1 - alpha),  w = p(x, z) / q(z|x).

    Args as in `vae`, and
        alpha: order of the divergence; 1 is the ELBO, 0 the importance-weighted bound.
        num_samples: K, draws for each example.

    Source: Li and Turner 2016, equation 8.

    Example:
        >>> renyi_vae((30,), alpha=0.2).objective.alpha
        0.2
    """
    objective = tfvae.objectives.Renyi(alpha, num_samples)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )
