"""The negative evidence lower bound as a score."""

from __future__ import annotations

from typing import final

import tensorflow as tf

from tfvae.anomaly.scores.attribution import equal_shares
from tfvae.anomaly.scores.monte_carlo import MonteCarloScore
from tfvae.core.trace import Trace
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel


@final
class NegativeELBO(MonteCarloScore):
    """score = -ELBO = distortion + rate, in nats; an upper bound of -log p(x), up to sampling noise.

    distortion = -E_q log p(x|z),  rate = KL(q(z|x) || p(z))

    Contributions: -E_q log p(x_i|z) of each element, plus an equal share of the rate.

    Args:
        num_samples: number of draws for each example.
        seed: seed of the noise, which is drawn once and saved with the score.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> NegativeELBO(num_samples=10).terms
        ('distortion', 'rate')
    """

    terms = ("distortion", "rate")
    needs_density = True

    def from_trace(self, trace: Trace) -> Tensors:
        """Return the negative ELBO, the distortion and the rate."""
        return {"score": trace.distortion + trace.rate, "distortion": trace.distortion, "rate": trace.rate}

    def contributions(self, model: LatentModel, trace: Trace) -> Tensor:
        """Return the distortion of each element, plus an equal share of the rate."""
        return tf.reduce_mean(trace.element_nll, axis=0) + equal_shares(trace.rate, trace.x)
