"""The saddle-point form of count densities: exact in float32 where differences of log-factorials are not."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from tfvae.core.types import Tensor

_SMALLEST = 1e-30  # of a number whose logarithm is taken
_SMALLEST_DIVISOR = 1e-8
_SERIES = 9  # terms, for v^2 up to 1/9


def half_deviance(x: Tensor, mean: Tensor, log_mean: Tensor, difference: Tensor | None = None) -> Tensor:
    """Return x log(x / m) + m - x, at least 0 and 0 at x = m, with a small relative error.

    With v = (x - m) / (x + m) it is (x - m) v + 2 x (v^3 / 3 + v^5 / 5 + ...), where no large numbers cancel;
    so where x is between m / 2 and 2 m. Its derivatives are log(x / m) in x and m - x in log m.

    Args:
        x: a count, or any number of at least 0.
        mean: m, positive.
        log_mean: log m, which receives the gradient.
        difference: x - m, where it is known more exactly than the two numbers tell.

    Source: Loader 2000, section 3 (the function D_0).

    Example:
        >>> half_deviance(tf.constant(1e8), tf.constant(1.0001e8), tf.math.log(1.0001e8)).numpy().round(4)
        np.float32(0.5)
    """
    mean = tf.stop_gradient(mean)
    difference = tf.stop_gradient(x - mean if difference is None else difference)

    @tf.custom_gradient
    def value(x: Tensor, log_mean: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        near = tf.abs(difference) < 0.5 * tf.minimum(mean, 2.0 * x)
        safe_mean = tf.where(near, mean, 1.0)
        v = 0.5 * tf.where(near, difference, 0.0) / (0.5 * safe_mean + 0.5 * tf.where(near, x, 1.0))
        square = tf.square(v)
        series = tf.zeros_like(v)
        for term in range(_SERIES, 0, -1):
            series = square * (series + 1.0 / (2 * term + 1))
        safe_x = tf.where(x > 0.0, x, 1.0)
        quotient = tf.math.log(safe_x / tf.maximum(mean, _SMALLEST_DIVISOR))
        log_ratio = tf.where(mean > _SMALLEST_DIVISOR, quotient, tf.math.log(safe_x) - log_mean)
        result = tf.where(near, difference * v + x * (2.0 * v * series), x * log_ratio - difference)

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            slope = tf.where(near, tf.math.log1p(tf.where(near, difference, 0.0) / safe_mean), log_ratio)
            return upstream * slope, -upstream * difference

        return result, gradient

    whole = tf.zeros_like(difference)  # of the shape that all are broadcast to
    return value(x + whole, log_mean + whole)


def stirling_remainder(x: Tensor) -> Tensor:
    """Return log x! - (x log x - x), for x >= 0.

    Example:
        >>> stirling_remainder(tf.constant([0.0, 1.0])).numpy()
        array([0., 1.], dtype=float32)
    """
    large = tf.maximum(x, 10.0)
    inverse = 1.0 / large
    square = tf.square(inverse)
    series = (1 / 12 - square * (1 / 360 - square / 1260)) * inverse
    small = tf.clip_by_value(x, 0.0, 10.0)
    direct = tf.math.lgamma(1.0 + small) - small * tf.math.log(tf.maximum(small, _SMALLEST)) + small
    stirling = 0.5 * (math.log(2.0 * math.pi) + tf.math.log(large)) + series
    return tf.where(x > 10.0, stirling, direct)
