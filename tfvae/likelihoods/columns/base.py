"""A kind of column, as the distribution of one number."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.part import Configured
from tfvae.core.support import Support
from tfvae.core.types import Tensor

SMALLEST_SCALE = 1e-2  # in units of the column's own


class Column(Configured, abc.ABC):
    """A kind of column, as the distribution of one number; abstract.

    Attributes:
        channels: parameters that the network gives for each number.
        shared: parameters learned once for the column.
        width: numbers that the encoder sees for each number.
        statistics: numbers that an imputation averages over z.
        support: the values a number can take, and NaN for a missing one.
    """

    channels = 1
    shared = 0
    width = 1
    statistics = 1
    support = Support(missing=True)

    @abc.abstractmethod
    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the distribution of n columns, batch shape [..., n].

        Args:
            raw: [..., n, channels] from the network.
            shared: [n, shared], zeros at first.
        """

    @abc.abstractmethod
    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the mean, or the most probable value where a mean has no meaning, [..., n]."""

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Return what the encoder sees of the numbers x [..., n], none of them missing: [..., n, width]."""

    def statistic(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return what an imputation averages over z, [..., n, statistics]: the mean, or probabilities."""
        return self.mean(raw, shared)[..., tf.newaxis]

    def estimate(self, average: Tensor) -> Tensor:
        """Return the value [..., n] that an average of `statistic` over z is turned into."""
        return average[..., 0]
