"""Networks that take a condition beside their input, or ignore it.

A model with a condition c calls its networks with a pair: their usual input, and c. Which of them use c
is a choice of the model: with both, p(x|z,c); with `IgnoreCondition(decoder)`, p(x|z).
"""

from __future__ import annotations

from typing import Any

import keras

from tfvae.core.checks import integer, keras_layer
from tfvae.core.part import Configured
from tfvae.core.types import DType, Tensor


class ConditionalNetwork(Configured, keras.layers.Layer):
    """A network of pairs [h, c] built from a network of h; abstract.

    Args:
        network: Keras layer or model from h [B, ...] to features.
    """

    def __init__(self, network: keras.Layer, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.network = keras_layer("network", network)


class ConcatenateCondition(ConditionalNetwork):
    """network([h; c]): the condition appended to the last axis of h, at each place of an image.

    Args:
        network: Keras layer or model from [h; c], [B, ..., n + m], to features.

    Example:
        >>> from tfvae import networks
        >>> vector, condition = keras.ops.zeros((5, 2)), keras.ops.zeros((5, 3))
        >>> ConcatenateCondition(networks.mlp((16,)))([vector, condition]).shape
        TensorShape([5, 16])
        >>> ConcatenateCondition(networks.conv((8,)))([keras.ops.zeros((5, 8, 8, 1)), condition]).shape
        TensorShape([5, 128])
    """

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Return the network's features of h [B, ..., n] and c [B, m] joined to [B, ..., n + m]."""
        return self.network(_joined(*inputs))


class IgnoreCondition(ConditionalNetwork):
    """network(h): the condition has no effect.

    Args:
        network: Keras layer or model from h [B, ...] to features.

    Example:
        >>> from tfvae import networks
        >>> IgnoreCondition(networks.mlp((16,)))([keras.ops.zeros((5, 2)), keras.ops.zeros((5, 3))]).shape
        TensorShape([5, 16])
    """

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Return the network's features of h."""
        return self.network(inputs[0])


class ConditionPrefix(ConditionalNetwork):
    """network([h; c_1..c_size]): entries of the condition after the first `size` have no effect.

    Args:
        network: Keras layer or model from h [B, ...] with `size` more entries on the last axis to features.
        size: number of entries of the condition that are used.

    Example:
        >>> from tfvae import networks
        >>> seen = ConditionPrefix(networks.mlp((16,)), size=1)
        >>> ones, more = keras.ops.ones((5, 2)), keras.ops.array([[1.0, 7.0]] * 5)
        >>> bool(keras.ops.all(seen([ones, ones]) == seen([ones, more])))
        True
    """

    def __init__(self, network: keras.Layer, size: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(network, name=name, dtype=dtype)
        self.size = integer("size", size)

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Return the network's features of h [B, ..., n] and c [B, m], m >= size, joined."""
        value, condition = inputs
        return self.network(_joined(value, condition[:, : self.size]))


def _joined(value: Tensor, condition: Tensor) -> Tensor:
    repeated: Any = keras.ops.cast(condition, value.dtype)
    for axis, size in enumerate(value.shape[1:-1], start=1):
        repeated = keras.ops.repeat(keras.ops.expand_dims(repeated, axis), size, axis=axis)
    return keras.ops.concatenate([value, repeated], axis=-1)
