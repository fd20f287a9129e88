"""What a column of a mixed table can be: real, positive, a count, a category or a rank."""

from __future__ import annotations

import abc
import itertools
import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, positive, real_number
from tfvae.core.numerics import softplus
from tfvae.core.part import Configured
from tfvae.core.support import Support

_FLOOR = 1e-2  # smallest scale, in units of the column's own
_SMALLEST_GAP = 1e-4  # between thresholds
_SMALLEST_POSITIVE = 1e-30
_LARGEST_EXPONENT = 80.0  # of a float32


class Column(Configured, abc.ABC):
    """A kind of column, as the distribution of one number; abstract.

    Attributes:
        channels: parameters that the network gives for each number.
        shared: parameters learned once for a whole column.
        width: numbers the encoder sees in the place of one.
        statistics: numbers that an imputation averages over z.
        support: the values a number can take; NaN stands for a missing one.
    """

    channels = 1
    shared = 0
    width = 1
    statistics = 1
    support = Support(missing=True)

    @abc.abstractmethod
    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the distribution of n columns, batch shape [..., n].

        Args:
            raw: [..., n, channels] from the network.
            shared: [n, shared], zeros at first.
        """

    @abc.abstractmethod
    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the value that stands for the distribution, [..., n]."""

    @abc.abstractmethod
    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the encoder sees of the numbers x [..., n], none of them missing: [..., n, width]."""

    def statistic(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return what an imputation averages over z, [..., n, statistics]: the mean, or probabilities."""
        return self.mean(raw, shared)[..., tf.newaxis]

    def estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the value [..., n] that an average of `statistic` stands for."""
        return average[..., 0]


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

    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the normal distribution."""
        return tfd.Normal(self.mean(raw, shared), self.scale * (_FLOOR + softplus(raw[..., 1])))

    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the mean."""
        return self.loc + self.scale * raw[..., 0]

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return (x - loc) / scale."""
        return ((x - self.loc) / self.scale)[..., tf.newaxis]


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
    support = Support(_SMALLEST_POSITIVE, missing=True)

    def __init__(self, loc: float = 0.0, scale: float = 1.0):
        self.loc, self.scale = real_number("loc", loc), positive("scale", scale)

    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the log-normal distribution."""
        return tfd.LogNormal(*self._parameters(raw))

    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the mean, exp(loc + scale^2 / 2), kept below the largest float."""
        loc, scale = self._parameters(raw)
        return tf.exp(tf.minimum(loc + 0.5 * tf.square(scale), _LARGEST_EXPONENT))

    def statistic(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the mean of log x, [..., n, 1]; that of x is far beyond all values where s is large."""
        return self._parameters(raw)[0][..., tf.newaxis]

    def estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return exp(mean of log x), the geometric mean."""
        return tf.exp(tf.minimum(average[..., 0], _LARGEST_EXPONENT))

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return (log x - loc) / scale."""
        log_x = tf.math.log(tf.maximum(x, _SMALLEST_POSITIVE))
        return ((log_x - self.loc) / self.scale)[..., tf.newaxis]

    def _parameters(self, raw: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.loc + self.scale * raw[..., 0], self.scale * (_FLOOR + softplus(raw[..., 1]))


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

    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the Poisson distribution."""
        return tfd.Poisson(self.mean(raw, shared))

    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the rate."""
        return self.scale * (1e-6 + softplus(raw[..., 0]))

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return log(1 + x)."""
        return tf.math.log1p(tf.maximum(x, 0.0))[..., tf.newaxis]


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

    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the categorical distribution, over floats."""
        return _Codes(logits=raw, dtype=tf.float32)

    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the most probable category."""
        return tf.cast(tf.argmax(raw, axis=-1), tf.float32)

    def statistic(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the probabilities, [..., n, size]."""
        return tf.nn.softmax(raw)

    def estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the most probable category."""
        return tf.cast(tf.argmax(average, axis=-1), tf.float32)

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return the one-hot code."""
        return tf.cast(tf.equal(x[..., tf.newaxis], tf.range(self.size, dtype=tf.float32)), tf.float32)


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

    def distribution(self, raw: tf.Tensor, shared: tf.Tensor) -> tfd.Distribution:
        """Return the distribution of the rank, over floats."""
        return _Codes(logits=self.log_probs(raw, shared), dtype=tf.float32)

    def mean(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the most probable rank."""
        return tf.cast(tf.argmax(self.log_probs(raw, shared), axis=-1), tf.float32)

    def statistic(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
        """Return the probabilities, [..., n, size]."""
        return tf.exp(self.log_probs(raw, shared))

    def estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the most probable rank."""
        return tf.cast(tf.argmax(average, axis=-1), tf.float32)

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """Return whether x is at least 1, 2, ..., size - 1."""
        return tf.cast(x[..., tf.newaxis] >= tf.range(1, self.size, dtype=tf.float32), tf.float32)

    def log_probs(self, raw: tf.Tensor, shared: tf.Tensor) -> tf.Tensor:
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


class _Codes(tfd.Categorical):
    """A categorical distribution over floats, with log-density -inf at every other number."""

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        log_probs = tf.math.log_softmax(self._logits_parameter_no_checks())
        same = tf.equal(x[..., tf.newaxis], tf.range(log_probs.shape[-1], dtype=tf.float32))
        chosen = tf.reduce_sum(tf.where(same, log_probs, 0.0), axis=-1)
        return tf.where(tf.reduce_any(same, axis=-1), chosen, -math.inf)
