"""The negative binomial distribution with a log-probability that is exact also for large counts."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.saddle_point import half_deviance, stirling_remainder


class NegativeBinomial(tfd.NegativeBinomial):
    """TFP's negative binomial, given its mean, with log p as a sum of deviances and remainders.

    p(x) = G(x + r) / (G(r) x!) (r / (r + m))^r (m / (r + m))^x
    log p(x) = log(r / n) + R(n) - R(r) - R(x) - D(r; n r / (r + m)) - D(x; n m / (r + m)),  n = x + r

    with half the deviance D(x; m) = x log(x / m) + m - x and the remainder R(x) = log x! - (x log x - x) of
    Stirling's formula. TFP's difference of log-gamma functions is nats off at counts of 1e6 in float32.

    Args:
        log_mean: log m, [...].
        total_count: r, the inverse dispersion, [...]; the variance is m + m^2 / r.
        name: of the distribution.

    Source: Loader 2000 (the saddle-point form of the binomial's mass, of which this is r / n times).

    Example:
        >>> float(NegativeBinomial(log_mean=0.0, total_count=1.0).prob(0.0))    # r / (r + m)
        0.5
    """

    def __init__(self, log_mean: Tensor, total_count: Tensor, name: str = "NegativeBinomial"):
        self._log_mean = tf.convert_to_tensor(log_mean, tf.float32)
        total_count = tf.convert_to_tensor(total_count, tf.float32)
        logits = self._log_mean - tf.math.log(total_count)
        super().__init__(total_count, logits=logits, require_integer_total_count=False, name=name)
        self._parameters = {"log_mean": log_mean, "total_count": total_count, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        properties = tfp.util.ParameterProperties
        return {"log_mean": properties(), "total_count": properties()}

    def _log_prob(self, event: Tensor) -> Tensor:
        r, log_mean = self._total_count, self._log_mean
        mean = tf.exp(log_mean)
        log_total, log_r = tf.math.log(r + mean), tf.math.log(r)
        n = event + r
        log_n = tf.math.log(n)
        failure = r / (r + mean)
        excess = failure * (event - mean)  # of x over its share of n, exact where the two are near
        failures = half_deviance(r, n * failure, log_n + log_r - log_total, -excess)
        successes = half_deviance(event, n * (mean / (r + mean)), log_n + log_mean - log_total, excess)
        remainder = stirling_remainder(n) - stirling_remainder(r) - stirling_remainder(event)
        return log_r - log_n + remainder - failures - successes
