"""Functions in a form that is exact where it matters and that every runtime knows."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


@tf.custom_gradient
def softplus(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), in operations LiteRT has.

    LiteRT writes the usual softplus as log(1 + exp(x)), which overflows above 88; on a CPU TensorFlow's own
    takes half as long again as this one. The gradient is the logistic function, also at 0.

    Example:
        >>> softplus(tf.constant([-100.0, 0.0, 100.0])).numpy()
        array([  0.       ,   0.6931472, 100.       ], dtype=float32)
    """
    value = tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))
    return value, lambda upstream: upstream * tf.sigmoid(x)


def bounded(raw: tf.Tensor, limit: float) -> tf.Tensor:
    """Limit tanh(raw / limit): raw where it is small, never beyond the limit.

    Example:
        >>> bounded(tf.constant([0.0, 0.1, 1e6]), 10.0).numpy().round(3)
        array([ 0. ,  0.1, 10. ], dtype=float32)
    """
    return limit * tf.tanh(raw / limit)
