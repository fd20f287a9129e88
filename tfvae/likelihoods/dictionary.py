"""The likelihood of sparse coding: a sum of atoms of length 1."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import positive
from tfvae.core.types import DType, InputShape, Shape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood
from tfvae.networks import num_features


class Dictionary(Likelihood):
    """p(x|z) = N(x; h D, scale^2),  the rows of D, the atoms, of length 1.

    The features h [B, ...] of the decoder are the coefficients of the atoms; with a decoder that passes z
    on, such as `networks.linear()`, z is the code. The length 1 keeps a small z from hiding in long atoms.

    Args:
        event_shape: shape of one example.
        scale: standard deviation of the noise; sqrt(1/2) makes the distortion the squared error, up to
            a constant.

    Source: Olshausen and Field 1996; the length, Kavukcuoglu et al. 2010, section 2.

    Example:
        >>> likelihood = Dictionary((4,), scale=0.5)
        >>> params = likelihood(tf.ones([5, 3]))
        >>> tf.norm(likelihood.atoms, axis=1).numpy().round(3)
        array([1., 1., 1.], dtype=float32)
    """

    def __init__(
        self,
        event_shape: Shape,
        scale: float = math.sqrt(0.5),
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.scale = positive("scale", scale)

    def build(self, input_shape: InputShape) -> None:
        """Make the atoms."""
        shape = (num_features(input_shape), math.prod(self.event_shape))
        self.directions = self.add_weight(name="directions", shape=shape, initializer="random_normal")

    @property
    def atoms(self) -> Tensor:
        """D, [features, n], rows of length 1."""
        return tf.math.l2_normalize(tf.convert_to_tensor(self.directions), axis=1)

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc"}, [B, *event]."""
        coefficients = tf.reshape(tf.cast(inputs, tf.float32), (-1, self.directions.shape[0]))
        return {"loc": tf.reshape(tf.matmul(coefficients, self.atoms), (-1, *self.event_shape))}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent normal for each element."""
        return tfd.Independent(tfd.Normal(params["loc"], self.scale), len(self.event_shape))

    def mean(self, params: Tensors) -> Tensor:
        """Return the sum of the atoms."""
        return params["loc"]
