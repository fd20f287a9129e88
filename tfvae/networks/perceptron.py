"""Networks of dense layers."""

from __future__ import annotations

import keras

from tfvae.core.checks import integers


def mlp(sizes: tuple[int, ...] = (256, 256), activation: str = "relu") -> keras.Sequential:
    """Return a perceptron, [B, ...] to [B, sizes[-1]].

    Args:
        sizes: units of each dense layer.
        activation: of each layer, the last one too.

    Example:
        >>> mlp((32, 16), "tanh")(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 16])
    """
    sizes = integers("sizes", sizes)
    layers = [keras.layers.Flatten()]
    layers += [keras.layers.Dense(size, activation=activation) for size in sizes]
    return keras.Sequential(layers)


def linear() -> keras.Sequential:
    """Return a network that only flattens, [B, ...] to [B, n]: encoder or decoder are then linear.

    Example:
        >>> linear()(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 64])
    """
    return keras.Sequential([keras.layers.Flatten()])
