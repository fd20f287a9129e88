"""Columns of counts."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import positive
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.core.types import Tensor
from tfvae.distributions.poisson import Poisson
from tfvae.likelihoods.columns.base import Column


class Count(Column):
    """A number of events 0, 1, 2, ...: x ~ Poisson(scale softplus(a)) with a from the network.

    Between integers the mass function is continued by the gamma function.

    Args:
        scale: typical value of the column, such as its mean.

    Source: Nazabal et al. 2020, section 3.

    Example:
        >>> Count(10.0).mean(tf.zeros([1, 1]), tf.zeros([1, 0])).numpy().round(2)    # 10 log 2
        array([6.93], dtype=float32)
    """

    support = Support(0.0, integer=True, missing=True)

    def __init__(self, scale: float = 1.0):
        self.scale = positive("scale", scale)

    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the Poisson distribution."""
        return Poisson(self.mean(raw, shared))

    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the rate."""
        return self.scale * (1e-6 + softplus(raw[..., 0]))

    def encode(self, x: Tensor) -> Tensor:
        """Return log(1 + x)."""
        return tf.math.log1p(tf.maximum(x, 0.0))[..., tf.newaxis]
