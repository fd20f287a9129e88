"""The Poisson distribution with a log-probability that is exact also for large counts."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor


class Poisson(tfd.Poisson):
    """TFP's Poisson with log p = -(half the deviance) - (the remainder of Stirling's formula).

    log p(x) = -m [(1 + e) log(1 + e) - e] - [log x! - (x log x - x)],  m = exp(log_rate),  e = (x - m) / m

    TFP's x log m - m - log x! is a small difference of numbers as large as x log x: at a mean of 1e6 its
    error in float32 is one nat.

    Args:
        log_rate: log m, [...]; this and all other arguments are those of `tfd.Poisson`.

    Source: Loader 2000 (the saddle point form of the density).

    Example:
        >>> Poisson(log_rate=tf.zeros([])).log_prob(0.0).numpy()
        np.float32(-1.0)
    """

    def _log_prob(self, event: Tensor) -> Tensor:
        log_rate = self._log_rate_parameter_no_checks()
        rate = tf.exp(log_rate)
        excess = (event - rate) / rate
        near = tf.abs(excess) < 0.5
        safe = tf.where(near, excess, 0.0)
        close = rate * (tf.math.log1p(safe) - safe + safe * tf.math.log1p(safe))
        far = rate - event + event * (_log(event) - log_rate)
        return -tf.where(near, close, far) - _stirling_remainder(event)


def _stirling_remainder(x: Tensor) -> Tensor:
    """Log x! - (x log x - x), for x >= 0."""
    large = tf.maximum(x, 10.0)
    inverse = 1.0 / tf.square(large)
    series = (1 / 12 - inverse * (1 / 360 - inverse / 1260)) / large
    small = tf.clip_by_value(x, 0.0, 10.0)
    direct = tf.math.lgamma(1.0 + small) - small * _log(small) + small
    return tf.where(x > 10.0, 0.5 * tf.math.log(2 * math.pi * large) + series, direct)


def _log(x: Tensor) -> Tensor:
    """Log x, finite at 0."""
    return tf.math.log(tf.maximum(x, 1e-30))
