"""Rows of numbers as one vector, and back."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.types import Tensor


def split_rows(flat: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return the rows [..., V, K] of vectors [..., V K].

    Args:
        flat: vectors.
        shape: (V, K).

    Example:
        >>> split_rows(tf.zeros([5, 6]), (2, 3)).shape
        TensorShape([5, 2, 3])
    """
    return tf.reshape(flat, tf.concat([tf.shape(flat)[:-1], shape], axis=0))


def concatenate_rows(rows: Tensor) -> Tensor:
    """Return vectors [..., V K] of rows [..., V, K].

    Example:
        >>> concatenate_rows(tf.zeros([5, 2, 3])).shape
        TensorShape([5, 6])
    """
    shape = tf.concat([tf.shape(rows)[:-2], [math.prod(rows.shape[-2:])]], axis=0)
    return tf.reshape(rows, shape)
