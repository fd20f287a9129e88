"""Columns of categories."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.support import Support
from tfvae.core.types import Tensor
from tfvae.distributions import FloatCategorical
from tfvae.likelihoods.columns.base import Column


class Category(Column):
    """One of the numbers 0, ..., size - 1, in no order: p(x = k) = softmax(a)_k.

    Args:
        size: number of categories.

    Source: Nazabal et al. 2020, section 3.

    Example:
        >>> Category(3).encode(tf.constant([1.0])).numpy()
        array([[0., 1., 0.]], dtype=float32)
    """

    def __init__(self, size: int):
        self.size = integer("size", size, 2)
        self.channels = self.width = self.statistics = size
        self.support = Support(0.0, size - 1.0, integer=True, missing=True)

    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the categorical distribution, over floats."""
        return FloatCategorical(raw)

    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the most probable category."""
        return tf.cast(tf.argmax(raw, axis=-1), tf.float32)

    def statistic(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the probabilities, [..., n, size]."""
        return tf.nn.softmax(raw)

    def estimate(self, average: Tensor) -> Tensor:
        """Return the most probable category."""
        return tf.cast(tf.argmax(average, axis=-1), tf.float32)

    def encode(self, x: Tensor) -> Tensor:
        """Return the one-hot code."""
        return tf.cast(tf.equal(x[..., tf.newaxis], tf.range(self.size, dtype=tf.float32)), tf.float32)
