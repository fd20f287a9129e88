"""Columns of positive numbers."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import positive, real_number
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.core.types import Tensor
from tfvae.likelihoods.columns.base import SMALLEST_SCALE, Column

_SMALLEST = 1e-30
_LARGEST_EXPONENT = 80.0  # of a float32


class Positive(Column):
    """A number above 0: log x ~ N(loc + scale a, scale^2 s^2) with a and s from the network.

    Args:
        loc: typical value of log x.
        scale: typical distance from it.

    Source: Nazabal et al. 2020, section 3.

    Example:
        >>> Positive().mean(tf.constant([[1.0, -50.0]]), tf.zeros([1, 0])).numpy().round(2)    # about e
        array([2.72], dtype=float32)
    """

    channels = 2
    support = Support(_SMALLEST, missing=True)

    def __init__(self, loc: float = 0.0, scale: float = 1.0):
        self.loc, self.scale = real_number("loc", loc), positive("scale", scale)

    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the log-normal distribution."""
        return tfd.LogNormal(*self._parameters(raw))

    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the mean, exp(loc + scale^2 / 2), kept below the largest float."""
        loc, scale = self._parameters(raw)
        return tf.exp(tf.minimum(loc + 0.5 * tf.square(scale), _LARGEST_EXPONENT))

    def statistic(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the mean of log x, [..., n, 1]; that of x is far beyond all values where s is large."""
        return self._parameters(raw)[0][..., tf.newaxis]

    def estimate(self, average: Tensor) -> Tensor:
        """Return exp(mean of log x), the geometric mean."""
        return tf.exp(tf.minimum(average[..., 0], _LARGEST_EXPONENT))

    def encode(self, x: Tensor) -> Tensor:
        """Return (log x - loc) / scale."""
        log_x = tf.math.log(tf.maximum(x, _SMALLEST))
        return ((log_x - self.loc) / self.scale)[..., tf.newaxis]

    def _parameters(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        return self.loc + self.scale * raw[..., 0], self.scale * (SMALLEST_SCALE + softplus(raw[..., 1]))
