"""From a score to its elements: what is theirs, and what is shared among them."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf


def weighted(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return sum_k weights_k values_k for weights [S, B] and values [S, B, ...]."""
    extra = [1] * (values.shape.rank - 2)
    return tf.reduce_sum(tf.reshape(weights, tf.concat([tf.shape(weights), extra], 0)) * values, axis=0)


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


def along_path(
    function: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor, reference: tf.Tensor, steps: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return function(x) [B], and integrated gradients from a reference, [B, *event], with sums function(x).

    a_i = (x_i - r_i) mean over m of df/dx_i at r + (m - 1/2) / M (x - r),  m = 1..M

    The sum of a_i is f(x) - f(r) but for the error of the midpoint rule; that and f(r), which is no
    element's, are shared evenly. Missing elements stay missing all along and contribute 0.

    Args:
        function: from x [B, *event] to [B], differentiable, each row on its own.
        x: the data.
        reference: where the path begins, [*event].
        steps: M.

    Source: Sundararajan et al. 2017, equations 1 and 3.

    Example:
        >>> value, parts = along_path(
        ...     lambda x: tf.reduce_sum(x**2, 1), tf.constant([[1.0, 2.0]]), tf.zeros(2), 8)
        >>> value.numpy(), parts.numpy()
        (array([5.], dtype=float32), array([[1., 4.]], dtype=float32))
    """
    value = function(x)
    way = x - reference
    total = tf.zeros_like(x)
    for step in range(steps):
        point = reference + (step + 0.5) / steps * way
        with tf.GradientTape() as tape:
            tape.watch(point)
            at_point = function(point)
        gradient = tape.gradient(at_point, point, unconnected_gradients="zero")
        total += tf.where(tf.math.is_finite(gradient), gradient, 0.0)
    parts = tf.where(tf.math.is_nan(x), 0.0, way * total / steps)
    rest = value - tf.reduce_sum(parts, axis=list(range(1, x.shape.rank)))
    return value, parts + shared_evenly(rest, x)
