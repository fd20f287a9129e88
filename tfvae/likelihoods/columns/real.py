"""Columns of real numbers."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import positive, real_number
from tfvae.core.numerics import softplus
from tfvae.core.types import Tensor
from tfvae.likelihoods.columns.base import SMALLEST_SCALE, Column


class Real(Column):
    """Any number: x ~ N(loc + scale a, scale^2 s^2) with a and s from the network.

    Args:
        loc: typical value of the column, such as its mean, in the column's units.
        scale: typical distance from it, such as its standard deviation.

    Source: Nazabal et al. 2020, section 3.

    Example:
        >>> Real(100.0, 10.0).encode(tf.constant([120.0])).numpy()
        array([[2.]], dtype=float32)
    """

    channels = 2

    def __init__(self, loc: float = 0.0, scale: float = 1.0):
        self.loc, self.scale = real_number("loc", loc), positive("scale", scale)

    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the normal distribution."""
        return tfd.Normal(self.mean(raw, shared), self.scale * (SMALLEST_SCALE + softplus(raw[..., 1])))

    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the mean."""
        return self.loc + self.scale * raw[..., 0]

    def encode(self, x: Tensor) -> Tensor:
        """Return (x - loc) / scale."""
        return ((x - self.loc) / self.scale)[..., tf.newaxis]
