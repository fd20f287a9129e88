"""Averages of the log-likelihood, the ELBO and the distortion over a data set, with standard errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfvae.core.types import Inputs
from tfvae.models import LatentModel


class Estimate(NamedTuple):
    """A mean over examples and its standard error, in nats.

    Attributes:
        mean: the mean.
        standard_error: std / sqrt(N), over the examples; the sampling noise of each is part of their spread.
    """

    mean: float
    standard_error: float


def mean_log_likelihood(
    model: LatentModel, inputs: Inputs, num_samples: int = 512, seed: int = 0
) -> Estimate:
    """Return the mean of log p(x), each by importance sampling; a lower bound in expectation.

    log p(x) ~ log((1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x)),  z_k ~ q(z|x)

    Args:
        model: the model.
        inputs: data [N, *event], or the model's inputs by name.
        num_samples: K, the number of draws for each example.
        seed: seed of the draws.

    Source: Burda et al. 2016, section 5.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> mean_log_likelihood(vae, np.ones((3, 4)), num_samples=8).standard_error < 1
        True
    """
    return estimate_mean(model.log_likelihood(inputs, num_samples=num_samples, seed=seed))


def mean_elbo(model: LatentModel, inputs: Inputs, num_samples: int = 1, seed: int = 0) -> Estimate:
    """Return the mean of the evidence lower bound, for any objective of the model.

    Args:
        model: the model.
        inputs: data [N, *event], or the model's inputs by name.
        num_samples: number of draws for each example.
        seed: seed of the draws.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> mean_elbo(vae, np.ones((3, 4))).mean < 0
        True
    """
    return estimate_mean(model.elbo(inputs, num_samples=num_samples, seed=seed))


def mean_distortion(model: LatentModel, inputs: Inputs, num_samples: int = 1, seed: int = 0) -> Estimate:
    """Return the mean of -E_q log p(x|z); also for models whose q(z|x) has no density.

    Args:
        model: the model.
        inputs: data [N, *event], or the model's inputs by name.
        num_samples: number of draws for each example.
        seed: seed of the draws.

    Example:
        >>> import tfvae
        >>> autoencoder = tfvae.zoo.autoencoder((4,), latent_dim=2)
        >>> mean_distortion(autoencoder, np.ones((3, 4))).mean > 0
        True
    """
    return estimate_mean(model.distortion(inputs, num_samples=num_samples, seed=seed))


def estimate_mean(values: np.ndarray) -> Estimate:
    """Return the mean of values over examples, with its standard error; NaN for a single example.

    Args:
        values: one for each example, [N], in nats.

    Example:
        >>> estimate_mean(np.array([1.0, 3.0]))
        Estimate(mean=2.0, standard_error=1.0)
    """
    values = values.astype("float64")
    spread = values.std(ddof=1) if len(values) > 1 else float("nan")
    return Estimate(float(values.mean()), float(spread / np.sqrt(len(values))))
