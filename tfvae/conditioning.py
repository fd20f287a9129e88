"""Networks that see a condition beside their input, or leave it out of sight.

A model with a condition calls its networks with a pair: what they always get, and c. Which of them uses c
is a choice of the model: with both, p(x|z,c); with `Ignoring(decoder)`, p(x|z).
"""

from __future__ import annotations

import keras

from tfvae.checks import keras_layer
from tfvae.part import Configured


class Paired(Configured, keras.layers.Layer):
    """A network of pairs [h, c] made of a network of h; abstract.

    Args:
        network: Keras layer or model from h [B, ...] to features.
    """

    def __init__(self, network: keras.Layer, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.network = keras_layer("network", network)


class Joined(Paired):
    """network([h; c]): the condition appended to the last axis of h, at each place of an image.

    Example:
        >>> from tfvae import networks
        >>> Joined(networks.mlp((16,)))([keras.ops.zeros((5, 2)), keras.ops.zeros((5, 3))]).shape
        TensorShape([5, 16])
        >>> Joined(networks.conv((8,)))([keras.ops.zeros((5, 8, 8, 1)), keras.ops.zeros((5, 3))]).shape
        TensorShape([5, 128])
    """

    def call(self, inputs: list) -> object:
        """Return the network's features of h [B, ..., n] and c [B, m] joined to [B, ..., n + m]."""
        value, condition = inputs
        condition = keras.ops.cast(condition, value.dtype)
        for axis, size in enumerate(value.shape[1:-1], start=1):
            condition = keras.ops.repeat(keras.ops.expand_dims(condition, axis), size, axis=axis)
        return self.network(keras.ops.concatenate([value, condition], axis=-1))


class Ignoring(Paired):
    """network(h): the condition has no say.

    Example:
        >>> from tfvae import networks
        >>> Ignoring(networks.mlp((16,)))([keras.ops.zeros((5, 2)), keras.ops.zeros((5, 3))]).shape
        TensorShape([5, 16])
    """

    def call(self, inputs: list) -> object:
        """Return the network's features of h."""
        return self.network(inputs[0])
