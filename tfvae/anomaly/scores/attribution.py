"""Splitting a score into contributions of the elements of x: weighted sums, equal shares, paths."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvae.core.types import Tensor


def weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """Return sum_k weights_k values_k over the first axis, [B, ...].

    Args:
        weights: [S, B].
        values: [S, B, ...].

    Example:
        >>> weighted_sum(tf.constant([[1.0], [3.0]]), tf.constant([[[1.0, 2.0]], [[10.0, 20.0]]])).numpy()
        array([[31., 62.]], dtype=float32)
    """
    extra = [1] * (values.shape.rank - 2)
    return tf.reduce_sum(tf.reshape(weights, tf.concat([tf.shape(weights), extra], 0)) * values, axis=0)


def equal_shares(amount: Tensor, x: Tensor) -> Tensor:
    """Return [B, *event]: each example's amount, divided equally among its observed elements.

    Args:
        amount: what to divide, [B].
        x: data [B, *event], NaN where missing; missing elements get 0.

    Example:
        >>> equal_shares(tf.constant([3.0]), tf.constant([[0.0, float("nan"), 2.0]])).numpy()
        array([[1.5, 0. , 1.5]], dtype=float32)
    """
    axes = list(range(1, x.shape.rank))
    observed = tf.cast(~tf.math.is_nan(x), tf.float32)
    count = tf.reduce_sum(observed, axes, keepdims=True)
    part = tf.where(count > 0, observed / tf.maximum(count, 1), 1 / math.prod(x.shape[1:]))
    return part * tf.reshape(amount, (-1, *[1] * len(axes)))


def mean_example(x: np.ndarray) -> np.ndarray:
    """Return the mean of the observed values of each element, float64 [*event]: where paths begin.

    Args:
        x: data [N, *event], NaN where missing.

    Example:
        >>> mean_example(np.array([[1.0, np.nan], [3.0, 4.0]]))
        array([2., 4.])
    """
    with np.errstate(invalid="ignore"):
        return np.nanmean(x.astype("float64"), axis=0)


def integrated_gradients(
    function: Callable[[Tensor], Tensor], x: Tensor, reference: Tensor, num_steps: int = 16
) -> tuple[Tensor, Tensor]:
    """Return f(x) [B] and its integrated gradients [B, *event], which add up to f(x).

    a_i = (x_i - r_i) mean over m of df/dx_i at r + (m - 1/2) / M (x - r),  m = 1..M

    By the midpoint rule sum_i a_i = f(x) - f(r) up to its error. The error and f(r) belong to no element and
    are divided equally among the observed ones. Missing elements stay missing on the path and contribute 0.

    Args:
        function: f, from x [B, *event] to [B], differentiable, each example on its own.
        x: data [B, *event], NaN where missing.
        reference: r, where the path begins, [*event].
        num_steps: M.

    Source: Sundararajan et al. 2017, equations 1 and 3.

    Example:
        >>> value, parts = integrated_gradients(
        ...     lambda x: tf.reduce_sum(x**2, 1), tf.constant([[1.0, 2.0]]), tf.zeros(2), num_steps=8)
        >>> value.numpy(), parts.numpy()
        (array([5.], dtype=float32), array([[1., 4.]], dtype=float32))
    """
    value = function(x)
    difference = x - reference
    total = tf.zeros_like(x)
    for step in range(num_steps):
        point = reference + (step + 0.5) / num_steps * difference
        with tf.GradientTape() as tape:
            tape.watch(point)
            at_point = function(point)
        gradient = tape.gradient(at_point, point, unconnected_gradients="zero")
        total += tf.where(tf.math.is_finite(gradient), gradient, 0.0)
    parts = tf.where(tf.math.is_nan(x), 0.0, difference * total / num_steps)
    rest = value - tf.reduce_sum(parts, axis=list(range(1, x.shape.rank)))
    return value, parts + equal_shares(rest, x)
