"""The Poisson distribution with a log-probability that is exact also for large counts."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.saddle_point import half_deviance, stirling_remainder

_SMALLEST_RATE = 1e-37


class Poisson(tfd.Poisson):
    """TFP's Poisson with log p = -(half the deviance) - (the remainder of Stirling's formula).

    log p(x) = -[x log(x / m) + m - x] - [log x! - (x log x - x)]

    TFP's x log m - m - log x! is a small difference of numbers as large as x log x: at a mean of 1e6 its
    error in float32 is one nat. A mean below 1e-37 is taken as 1e-37.

    Args:
        rate: the mean m, [...]; this and all other arguments are those of `tfd.Poisson`.
        log_rate: log m, [...], instead of `rate`.

    Source: Loader 2000 (the saddle-point form of the density).

    Example:
        >>> Poisson(log_rate=tf.zeros([])).log_prob(0.0).numpy()
        np.float32(-1.0)
    """

    def _log_prob(self, event: Tensor) -> Tensor:
        rate = tf.maximum(self._rate_parameter_no_checks(), _SMALLEST_RATE)
        log_rate = tf.math.log(rate) if self.log_rate is None else self._log_rate_parameter_no_checks()
        return -half_deviance(event, rate, log_rate) - stirling_remainder(event)
