"""Parts of a score that belong to no element alone, shared among the elements."""

from __future__ import annotations

import math

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions
_INDEPENDENT = tfd.Independent.__mro__[
    1
]  # what Independent is of distributions that are no composite tensors


def shared_evenly(amount: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Return [B, *event] whose sums are `amount` [B], in equal parts for the elements that are observed.

    Example:
        >>> shared_evenly(tf.constant([3.0]), tf.constant([[0.0, float("nan"), 2.0]])).numpy()
        array([[1.5, 0. , 1.5]], dtype=float32)
    """
    axes = list(range(1, x.shape.rank))
    observed = tf.cast(~tf.math.is_nan(x), tf.float32)
    count = tf.reduce_sum(observed, axes, keepdims=True)
    part = tf.where(count > 0, observed / tf.maximum(count, 1), 1 / math.prod(x.shape[1:]))
    return part * tf.reshape(amount, (-1, *[1] * len(axes)))
