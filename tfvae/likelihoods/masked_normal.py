"""A likelihood in which each element of x depends on few of the latent dimensions."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood
from tfvae.networks import num_features

_FLOOR = 1e-3


class MaskedNormal(Likelihood):
    """p(x|z) = prod_j N(x_j; f_j(w_j * h), scale_j^2),  w_j a trained vector of masks for each element j.

    f is one network for all elements, with a separate output for each; for element j its inputs are the
    features h multiplied by the masks w_j. With a decoder that passes z on, such as `networks.linear()`,
    w_jk = 0 means that x_j does not depend on z_k. With all masks 1 this is `Normal` after an ordinary
    network. It takes as many passes through f as x has elements.

    Args:
        event_shape: (G,), the elements of one example.
        sizes: units of the hidden layers of f.
        activation: of the hidden layers.

    Attributes:
        masks: w, a weight [G, features], 1 at the start.

    Source: Moran et al. 2022 (sparse VAE), equation 1.

    Example:
        >>> likelihood = MaskedNormal((4,), sizes=(8,))
        >>> likelihood(tf.ones([5, 2]))["loc"].shape, tuple(likelihood.masks.shape)
        (TensorShape([5, 4]), (4, 2))
    """

    def __init__(
        self,
        event_shape: tuple[int],
        sizes: tuple[int, ...] = (64, 64),
        activation: str = "relu",
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 1:
            raise InvalidInput("event_shape", "one size, (elements,)", self.event_shape)
        if not sizes or any(not size >= 1 for size in sizes):
            raise InvalidInput("sizes", "one or more integers of at least 1", sizes)
        self.sizes = tuple(sizes)
        self.activation = activation

    def build(self, input_shape: InputShape) -> None:
        """Make the masks, the network, and an output and a scale for each element."""
        elements, features = self.event_shape[0], num_features(input_shape)
        self.masks = self.add_weight(name="masks", shape=(elements, features), initializer="ones")
        self.hidden = [
            keras.layers.Dense(size, self.activation, name=f"hidden_{index}", dtype=self.dtype_policy)
            for index, size in enumerate(self.sizes)
        ]
        for layer, width in zip(self.hidden, (features, *self.sizes[:-1]), strict=True):
            layer.build((None, elements, width))
        shape = (elements, self.sizes[-1])
        self.outputs = self.add_weight(name="outputs", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(elements,))
        self.log_scale = self.add_weight(name="log_scale", shape=(elements,))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc"}, [B, G]."""
        features = tf.reshape(tf.cast(inputs, tf.float32), (-1, 1, self.masks.shape[1]))
        hidden = features * tf.convert_to_tensor(self.masks)
        for layer in self.hidden:
            hidden = layer(hidden)
        return {"loc": tf.reduce_sum(tf.cast(hidden, tf.float32) * self.outputs, axis=-1) + self.bias}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent normal for each element."""
        scale = _FLOOR + tf.exp(tf.convert_to_tensor(self.log_scale))
        return tfd.Independent(tfd.Normal(params["loc"], scale), 1)

    def mean(self, params: Tensors) -> Tensor:
        """Return the location."""
        return params["loc"]
