"""Networks made of others, and of a reshape alone."""

from __future__ import annotations

import keras


def chain(*layers: keras.Layer) -> keras.Sequential:
    """Return layers or networks as one network, applied one after the other.

    Args:
        layers: Keras layers or models.

    Example:
        >>> from tfvae.networks import mlp
        >>> chain(keras.layers.UnitNormalization(), mlp((16,)))(keras.ops.ones((5, 8))).shape
        TensorShape([5, 16])
    """
    return keras.Sequential(list(layers))


def split_rows(count: int) -> keras.Sequential:
    """Return a network that only reshapes a vector to `count` rows, [B, n] to [B, count, n / count].

    Args:
        count: number of rows, a divisor of n.

    Example:
        >>> split_rows(4)(keras.ops.zeros((5, 8))).shape
        TensorShape([5, 4, 2])
    """
    return keras.Sequential([keras.layers.Reshape((count, -1))])
