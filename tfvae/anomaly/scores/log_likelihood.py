"""The default score: how improbable the model finds an example."""

from __future__ import annotations

from typing import final

import tensorflow as tf

from tfvae.anomaly.scores.attribution import shared_evenly, weighted
from tfvae.anomaly.scores.base import MonteCarloScore
from tfvae.core.trace import Trace
from tfvae.models import LatentModel


@final
class LogLikelihood(MonteCarloScore):
    """score = -log p(x), importance sampled, in nats; NaN is marginalized where the model takes it.

    -log p(x) ~ -log((1/K) sum_k w_k),  w_k = p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x)
    standard error = std(w) / (sqrt(K) mean(w))

    Contributions: with v_k = w_k / sum_j w_j, expectations under the exact posterior p(z|x),

    -log p(x) = sum_i E_v[-log p(x_i|z)] + R,  R = E_v[log q(z|x) - log p(z)] + KL(v || 1/K)

    which holds exactly for the estimate. R estimates KL(p(z|x) || p(z)), what x says of z; it belongs to all
    observed elements and is shared evenly.

    Args:
        num_samples: K.
        seed: start of the random numbers.

    Source: Burda et al. 2016, equation 8.

    Example:
        >>> LogLikelihood(num_samples=100).terms
        ('standard_error',)
    """

    terms = ("standard_error",)
    needs_density = True

    def of(self, trace: Trace) -> dict[str, tf.Tensor]:
        """Return -log p(x) and its standard error."""
        log_w = trace.log_weights
        highest = tf.reduce_max(log_w, axis=0)
        weights = tf.exp(log_w - highest)
        mean = tf.reduce_mean(weights, axis=0)
        variance = tf.reduce_mean(tf.square(weights - mean), axis=0)
        return {
            "score": -(highest + tf.math.log(mean)),
            "standard_error": tf.sqrt(variance / self.num_samples) / mean,
        }

    def contributions(self, model: LatentModel, trace: Trace) -> tf.Tensor:
        """Return E_v[-log p(x_i|z)] of each element, and an even share of R."""
        v = tf.nn.softmax(trace.log_weights, axis=0)
        divergence = tf.reduce_sum(tf.math.xlogy(v, v * self.num_samples), axis=0)
        rest = tf.reduce_sum(v * (trace.log_q - trace.log_p), axis=0) + divergence
        return weighted(v, trace.element_nll) + shared_evenly(rest, trace.x)
