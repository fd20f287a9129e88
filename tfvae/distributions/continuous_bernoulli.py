"""The continuous Bernoulli distribution, exact at any logits."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor


class ContinuousBernoulli(tfd.ContinuousBernoulli):
    """TFP's continuous Bernoulli with fewer operations, and draws that are right for l < 0.

    log p(x) = l (x - 1/2) - log(sinh(l / 2) / (l / 2)),  0 <= x <= 1
    E[x] = 1 / (1 - exp(-l)) - 1 / l

    TFP's own quantile is log(1 + p expm1(l)) / l, which is infinite in float32 for p near 1 and l < -16.

    Args:
        logits: l, [...]; this and all other arguments are those of `tfd.ContinuousBernoulli`.

    Source: Loaiza-Ganem and Cunningham 2019, proposition 1.

    Example:
        >>> ContinuousBernoulli(tf.zeros([])).prob([0.0, 0.5]).numpy()    # the uniform density
        array([1., 1.], dtype=float32)
    """

    def _log_prob(self, event: Tensor) -> Tensor:
        logits = self._logits_parameter_no_checks()
        size, clipped = _branches(logits)
        # l (x - 1/2) - |l| / 2 = l x - max(l, 0), without the rounding of two large halves.
        tail = tf.math.log(size) - tf.math.log(1.0 - tf.exp(-size))
        large = logits * event - tf.maximum(logits, 0.0) + tail
        square = tf.square(clipped)
        small = clipped * (event - 0.5) - square * _series(
            square, 1 / 24, -1 / 2880, 1 / 181440, -1 / 9676800
        )
        inside = (event >= 0.0) & (event <= 1.0)
        return tf.where(inside, tf.where(size > 1.0, large, small), -float("inf"))

    def _mean(self, logits: Tensor | None = None) -> Tensor:
        given: Tensor = self._logits_parameter_no_checks() if logits is None else logits
        size, clipped = _branches(given)
        exponential = tf.exp(-size)
        lower = 1.0 / size - exponential / (1.0 - exponential)  # the mean at -|l|
        large = tf.where(given > 0.0, 1.0 - lower, lower)
        ratio = _series(tf.square(clipped), 1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160)
        return tf.where(size > 1.0, large, 0.5 + clipped * ratio)

    def _quantile(self, p: Tensor, logits: Tensor | None = None) -> Tensor:
        given: Tensor = self._logits_parameter_no_checks() if logits is None else logits
        # Of the decreasing density, and its mirror image for l > 0: no exponential of a positive number.
        rising = given > 0.0
        size = tf.maximum(tf.abs(given), 1e-6)
        area = tf.minimum(tf.where(rising, 1.0 - p, p), 1.0 - 2.0**-24)
        value = tf.minimum(-tf.math.log1p(area * tf.math.expm1(-size)) / size, 1.0)
        return tf.where(rising, 1.0 - value, value)


def _branches(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return max(|l|, 1), and l clipped to [-1, 1], where a few terms of a series are exact in float32."""
    return tf.maximum(tf.abs(logits), 1.0), tf.clip_by_value(logits, -1.0, 1.0)


def _series(x: Tensor, *coefficients: float) -> Tensor:
    total = tf.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
