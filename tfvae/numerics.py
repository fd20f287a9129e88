"""Functions in a form that is exact where it matters and that every runtime knows."""

from __future__ import annotations

import tensorflow as tf


def softplus(x: tf.Tensor) -> tf.Tensor:
    """log(1 + exp(x)) = (x + |x|) / 2 + log(1 + exp(-|x|)), in operations LiteRT has.

    LiteRT writes the usual softplus as log(1 + exp(x)), which overflows above 88. The half sum instead
    of max(x, 0) keeps the gradient at 0 at its true value of one half.

    Example:
        >>> softplus(tf.constant([-100.0, 0.0, 100.0])).numpy()
        array([  0.       ,   0.6931472, 100.       ], dtype=float32)
    """
    magnitude = tf.abs(x)
    return 0.5 * (x + magnitude) + tf.math.log(1.0 + tf.exp(-magnitude))


def bounded(raw: tf.Tensor, limit: float) -> tf.Tensor:
    """Limit tanh(raw / limit): raw where it is small, never beyond the limit.

    Example:
        >>> bounded(tf.constant([0.0, 0.1, 1e6]), 10.0).numpy().round(3)
        array([ 0. ,  0.1, 10. ], dtype=float32)
    """
    return limit * tf.tanh(raw / limit)
