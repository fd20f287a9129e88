"""What a likelihood is, and which values it can take."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integers
from tfvae.core.part import Part
from tfvae.core.support import ColumnSupports, Support
from tfvae.core.types import DType, Shape, Tensor, Tensors


class Likelihood(Part, abc.ABC):
    """p(x|z): from features h of shape [B, ...] to a distribution over x; abstract.

    Args:
        event_shape: shape of one example.

    Attributes:
        event_shape: shape of one example.
        support: the values x can take.
    """

    event_shape: Shape
    support: Support | ColumnSupports = Support()

    def __init__(self, event_shape: Shape, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.event_shape = integers("event_shape", event_shape)

    @abc.abstractmethod
    def call(self, inputs: Tensor) -> Tensors:
        """Return the parameters of p(x|z), tensors [B, ...] in float32."""

    @abc.abstractmethod
    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return p(x|z) for parameters [..., *event]."""

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return what the encoder sees of x, [B, ...]: x itself, unless the data need a change."""
        return x

    @property
    def encoder_shape(self) -> Shape:
        """Shape of what the encoder sees of one example."""
        return tuple(self.encoder_input(tf.zeros((1, *self.event_shape))).shape[1:])

    @abc.abstractmethod
    def mean(self, params: Tensors) -> Tensor:
        """Return E[x|z], [..., *event]."""

    # What replaces missing elements, for likelihoods that take them.

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return what an imputation averages over z, [..., *any]: E[x_i|z, x_i missing] of each element.

        Missing at random, x_i has the distribution it would have if it were observed, and this is the mean.
        Where values are categories it is their probabilities.
        """
        return self.mean(params)

    def missing_estimate(self, average: Tensor) -> Tensor:
        """Return the values [..., *event] that an average of `missing_statistic` over z is turned into."""
        return average

    def missing_draw(self, params: Tensors, seed: Tensor) -> Tensor:
        """Return a draw of x_i ~ p(x_i|z, x_i missing) for each element, [..., *event]."""
        return self.distribution(params).sample(seed=seed)
