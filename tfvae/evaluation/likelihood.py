"""Averages of densities over a data set, with the standard error that the examples give them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfvae.models import LatentModel


class Estimate(NamedTuple):
    """A mean over examples and its standard error, in nats."""

    mean: float
    standard_error: float


def mean_log_likelihood(
    model: LatentModel, inputs: object, num_samples: int = 512, seed: int = 0
) -> Estimate:
    """Mean of log p(x) over a data set, each by importance sampling; a lower bound in expectation.

    The standard error is that of the mean over examples: std / sqrt(n). The noise of the importance
    sampling is part of the spread it is computed from.

    Args:
        model: the model.
        inputs: data [n, *event].
        num_samples: draws for each example.
        seed: start of the random numbers.

    Source: Burda et al. 2016, section 5.
    """
    return _mean(model.log_likelihood(inputs, num_samples=num_samples, seed=seed))


def mean_elbo(model: LatentModel, inputs: object, num_samples: int = 1, seed: int = 0) -> Estimate:
    """Mean of the evidence lower bound over a data set, whatever the objective was."""
    return _mean(model.elbo(inputs, num_samples=num_samples, seed=seed))


def mean_distortion(model: LatentModel, inputs: object, num_samples: int = 1, seed: int = 0) -> Estimate:
    """Mean of -E_q log p(x|z) over a data set; all there is where q(z|x) has no density."""
    return _mean(model.distortion(inputs, num_samples=num_samples, seed=seed))


def _mean(values: np.ndarray) -> Estimate:
    values = values.astype("float64")
    spread = values.std(ddof=1) if len(values) > 1 else float("nan")
    return Estimate(float(values.mean()), float(spread / np.sqrt(len(values))))
