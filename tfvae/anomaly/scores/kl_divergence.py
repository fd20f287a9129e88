"""The KL divergence of q(z|x) from the prior as a score."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import integrated_gradients, mean_example
from tfvae.anomaly.scores.base import TrainFunction
from tfvae.anomaly.scores.monte_carlo import MonteCarloScore
from tfvae.core.trace import Trace
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel


@final
class KLDivergence(MonteCarloScore):
    """score = KL(q(z|x) || p(z)), the rate, in nats.

    High where the decoder needs an unusual z, even if it then reconstructs x well. In closed form where there
    is one, otherwise a mean over draws.

    Contributions: integrated gradients along the straight line from the mean of the training data, in 16
    steps; the remainder is divided equally (`tfvae.anomaly.scores.attribution.integrated_gradients`).

    Args:
        num_samples: number of draws for each example.
        seed: seed of the noise, which is drawn once and saved with the score.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> KLDivergence().num_samples
        1
    """

    needs_density = True

    def __init__(self, num_samples: int = 1, seed: int = 0, *, name: str | None = None, dtype: DType = None):
        super().__init__(num_samples, seed, name=name, dtype=dtype)

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Keep the mean of the data as the reference of the integrated gradients."""
        self.set_arrays(reference=mean_example(x))

    def from_trace(self, trace: Trace) -> Tensors:
        """Return the rate."""
        return {"score": trace.rate}

    def contributions(self, model: LatentModel, trace: Trace) -> Tensor:
        """Return integrated gradients of the rate."""

        def rate(x: Tensor) -> Tensor:
            return self.values(model, {**(trace.given or {}), "x": x})["score"]

        return integrated_gradients(rate, trace.x, tf.convert_to_tensor(self.reference))[1]
