"""The reconstruction probability as a score."""

from __future__ import annotations

from typing import final

import tensorflow as tf

from tfvae.anomaly.scores.monte_carlo import MonteCarloScore
from tfvae.core.trace import Trace
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel


@final
class Reconstruction(MonteCarloScore):
    """score = -E_q log p(x|z), the negative logarithm of the reconstruction probability, in nats.

    Contributions: -E_q log p(x_i|z) of each element. The score has no KL divergence, so an anomaly that the
    decoder reconstructs well from an unusual z is missed.

    Args:
        num_samples: number of draws for each example.
        seed: seed of the noise, which is drawn once and saved with the score.

    Source: An and Cho 2015, algorithm 4.

    Example:
        >>> Reconstruction().num_samples
        64
    """

    def from_trace(self, trace: Trace) -> Tensors:
        """Return the distortion."""
        return {"score": trace.distortion}

    def contributions(self, model: LatentModel, trace: Trace) -> Tensor:
        """Return the distortion of each element."""
        return tf.reduce_mean(trace.element_nll, axis=0)
