"""The default score: -log p(x), importance sampled."""

from __future__ import annotations

import math
from typing import final

import tensorflow as tf

from tfvae.anomaly.scores.attribution import equal_shares, weighted_sum
from tfvae.anomaly.scores.monte_carlo import MonteCarloScore
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel


@final
class LogLikelihood(MonteCarloScore):
    """score = -log p(x) by importance sampling, in nats; missing values are marginalized.

    -log p(x) ~ -log((1/K) sum_k w_k),  w_k = p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x)
    standard_error = std(w) / (sqrt(K) mean(w)), NaN for one draw

    Contributions: v_k = w_k / sum_j w_j turns means over the draws into expectations under p(z|x), and

    -log p(x) = sum_i E_v[-log p(x_i|z)] + R,  R = E_v[log q(z|x) - log p(z)] + KL(v || 1/K)

    holds exactly for the estimate. R estimates KL(p(z|x) || p(z)). It belongs to all observed elements and is
    divided equally among them.

    Args:
        num_samples: K, the number of draws for each example.
        seed: seed of the noise, which is drawn once and saved with the score.

    Raises:
        InvalidInput: in `fit`, for a model whose z is a function of x, or whose q(z|x) has no density.

    Source: Burda et al. 2016, equation 8.

    Example:
        >>> LogLikelihood(num_samples=100).terms
        ('standard_error',)
    """

    terms = ("standard_error",)
    needs_density = True

    def check(self, model: LatentModel) -> None:
        """Reject a model without a density of q(z|x), and one whose z is a function of x."""
        super().check(model)
        if not model.draws_at_random:
            expected = "one for a model whose z is a function of x, such as NegativeELBO or Reconstruction"
            raise InvalidInput("score", expected, type(self).__name__)

    def from_trace(self, trace: Trace) -> Tensors:
        """Return -log p(x) and its standard error."""
        log_w = trace.log_weights
        highest = tf.reduce_max(log_w, axis=0)
        weights = tf.exp(log_w - highest)
        mean = tf.reduce_mean(weights, axis=0)
        variance = tf.reduce_mean(tf.square(weights - mean), axis=0)
        error = tf.sqrt(variance / self.num_samples) / mean
        return {
            "score": -(highest + tf.math.log(mean)),
            "standard_error": error if self.num_samples > 1 else tf.fill(tf.shape(error), math.nan),
        }

    def contributions(self, model: LatentModel, trace: Trace) -> Tensor:
        """Return E_v[-log p(x_i|z)] of each element, plus an equal share of R."""
        v = tf.nn.softmax(trace.log_weights, axis=0)
        divergence = tf.reduce_sum(tf.math.xlogy(v, v * self.num_samples), axis=0)
        rest = tf.reduce_sum(v * (trace.log_q - trace.log_p), axis=0) + divergence
        return weighted_sum(v, trace.element_nll) + equal_shares(rest, trace.x)
