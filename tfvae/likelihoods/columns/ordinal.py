"""Columns of ranks."""

from __future__ import annotations

import itertools
import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.core.types import Tensor
from tfvae.distributions import FloatCategorical
from tfvae.likelihoods.columns.base import Column

_SMALLEST_GAP = 1e-4  # between thresholds


class Ordinal(Column):
    """One of the ranks 0, ..., size - 1: p(x <= k) = sigmoid(threshold_k - a), a from the network.

    The thresholds are in increasing order, learned once for the column. They begin where a = 0 makes all
    ranks as likely.

    Args:
        size: number of ranks.

    Source: the cumulative logit model of McCullagh 1980, as in Nazabal et al. 2020, section 3.

    Example:
        >>> Ordinal(4).encode(tf.constant([2.0])).numpy()    # a thermometer: x >= 1, x >= 2, x >= 3
        array([[1., 1., 0.]], dtype=float32)
    """

    def __init__(self, size: int):
        self.size = integer("size", size, 2)
        self.shared = self.width = size - 1
        self.statistics = size
        self.support = Support(0.0, size - 1.0, integer=True, missing=True)

    def distribution(self, raw: Tensor, shared: Tensor) -> tfd.Distribution:
        """Return the distribution of the rank, over floats."""
        return FloatCategorical(self.log_probs(raw, shared))

    def mean(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the most probable rank."""
        return tf.cast(tf.argmax(self.log_probs(raw, shared), axis=-1), tf.float32)

    def statistic(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the probabilities, [..., n, size]."""
        return tf.exp(self.log_probs(raw, shared))

    def estimate(self, average: Tensor) -> Tensor:
        """Return the most probable rank."""
        return tf.cast(tf.argmax(average, axis=-1), tf.float32)

    def encode(self, x: Tensor) -> Tensor:
        """Return whether x is at least 1, 2, ..., size - 1."""
        return tf.cast(x[..., tf.newaxis] >= tf.range(1, self.size, dtype=tf.float32), tf.float32)

    def log_probs(self, raw: Tensor, shared: Tensor) -> Tensor:
        """Return the log-probability of every rank, [..., n, size].

        sigmoid(u) - sigmoid(l) = sigmoid(u) sigmoid(-l) (1 - exp(l - u)), exact in both tails.
        """
        at_start = [math.log(k / (self.size - k)) for k in range(1, self.size)]
        gaps = [after - before for before, after in itertools.pairwise(at_start)]
        first = at_start[0] + shared[..., :1]
        raw_gaps = [math.log(math.expm1(gap - _SMALLEST_GAP)) for gap in gaps]
        gap = _SMALLEST_GAP + softplus(shared[..., 1:] + raw_gaps)
        upper = tf.concat([first, first + tf.cumsum(gap, axis=-1)], axis=-1) - raw
        below, above = -softplus(-upper), -softplus(upper)  # log of p(x <= k) and of p(x > k)
        inner = below[..., 1:] + above[..., :-1] + tf.math.log(-tf.math.expm1(-gap))
        return tf.concat([below[..., :1], inner, above[..., -1:]], axis=-1)
