"""Shapes of the features that networks return, and functions of points with any leading axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import InputShape, Tensor, Tensors


def at_points(function: Callable[[Tensor], Tensors], z: Tensor) -> Tensors:
    """Apply a function of points [N, D] to z [..., D], whose leading axes are flattened and restored.

    Args:
        function: from points [N, D] to tensors [N, ...] by name.
        z: [..., D].

    Example:
        >>> at_points(lambda flat: {"double": 2 * flat}, tf.ones((3, 5, 2)))["double"].shape
        TensorShape([3, 5, 2])
    """
    leading = tf.shape(z)[:-1]
    return {
        name: tf.reshape(value, tf.concat([leading, tf.shape(value)[1:]], 0))
        for name, value in function(tf.reshape(z, (-1, z.shape[-1]))).items()
    }


def num_features(shape: InputShape) -> int:
    """Return the number of features of one example.

    Args:
        shape: of the features, [B, ...].

    Raises:
        InvalidInput: for a shape of unknown size.

    Example:
        >>> num_features((None, 4, 4, 8))
        128
    """
    sizes = [size for size in shape[1:] if size is not None]
    if len(sizes) < len(shape) - 1:
        raise InvalidInput("features", "a shape of which only the batch size is unknown", tuple(shape))
    return math.prod(sizes)


def flatten(features: Tensor) -> Tensor:
    """Return features as vectors, [B, n].

    Args:
        features: [B, ...].

    Example:
        >>> flatten(tf.zeros((5, 4, 4, 8))).shape
        TensorShape([5, 128])
    """
    return tf.reshape(features, (-1, num_features(features.shape)))
