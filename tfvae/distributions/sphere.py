"""The unit sphere: its points and its area."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.types import Tensor


def unit_vectors(x: Tensor) -> Tensor:
    """Return x / |x| over the last axis; the first axis's direction where x is zero.

    Example:
        >>> unit_vectors(tf.constant([[3.0, 4.0], [0.0, 0.0]])).numpy()
        array([[0.6, 0.8],
               [1. , 0. ]], dtype=float32)
    """
    largest = tf.stop_gradient(tf.reduce_max(tf.abs(x), axis=-1, keepdims=True))
    first = tf.one_hot(0, x.shape[-1], dtype=x.dtype)
    scaled = tf.where(largest > 0, x / tf.where(largest > 0, largest, 1.0), first)
    return scaled / tf.sqrt(tf.reduce_sum(tf.square(scaled), axis=-1, keepdims=True))


def log_sphere_area(dimension: int) -> float:
    """Return the logarithm of the area of the unit sphere in `dimension` dimensions.

    Example:
        >>> math.exp(log_sphere_area(3)) / math.pi
        4.0...
    """
    return math.log(2.0) + 0.5 * dimension * math.log(math.pi) - math.lgamma(0.5 * dimension)
