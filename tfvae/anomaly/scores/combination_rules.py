"""Several scores of an example as one."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import shared_evenly, weighted
from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.stateful_part import StatefulPart


class CombinationRule(StatefulPart, abc.ABC):
    """From the scores of M members to one score, and to contributions that add up to it; abstract.

    Attributes:
        keeps_unit: whether the result is in the unit of the members.
    """

    keeps_unit = True

    def learn(self, scores: np.ndarray) -> None:
        """Learn from the members' scores of the training data, [M, N]; most need nothing."""

    @abc.abstractmethod
    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return one score for each example, [B], for scores [M, B]."""

    @abc.abstractmethod
    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return [B, *event] for scores [M, B] and the members' contributions [M, B, *event]."""


@final
class Mean(CombinationRule):
    """score = mean over m of s_m; for -log p_m(x), the average log-likelihood.

    Example:
        >>> Mean().combined(tf.constant([[1.0], [3.0]])).numpy()
        array([2.], dtype=float32)
    """

    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the mean."""
        return tf.reduce_mean(scores, axis=0)

    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return the mean."""
        return tf.reduce_mean(parts, axis=0)


@final
class WeightedSum(CombinationRule):
    """score = sum over m of w_m s_m; in the unit of the scores.

    Args:
        coefficients: w, one for each score.

    Example:
        >>> WeightedSum((1.0, 3.0)).combined(tf.constant([[1.0], [2.0]])).numpy()
        array([7.], dtype=float32)
    """

    def __init__(self, coefficients: tuple[float, ...], *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(coefficients, list | tuple) or not coefficients:
            raise InvalidInput("coefficients", "one or more numbers", coefficients)
        self.coefficients = tuple(real_number("coefficients", weight) for weight in coefficients)

    def learn(self, scores: np.ndarray) -> None:
        """See that each score has a coefficient."""
        if len(scores) != len(self.coefficients):
            raise InvalidInput("coefficients", f"{len(scores)}, one for each score", len(self.coefficients))

    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the sum."""
        return tf.reduce_sum(self._each(scores) * scores, axis=0)

    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return the sum."""
        return weighted(self._each(scores), parts)

    def _each(self, scores: tf.Tensor) -> tf.Tensor:
        return tf.constant(self.coefficients)[:, tf.newaxis] * tf.ones_like(scores)


@final
class DensityMixture(CombinationRule):
    """score = -log mean over m of exp(-s_m); for s_m = -log p_m(x), that of the mixture of the models.

    Contributions: sum_m v_m a_m with v_m = exp(-s_m) / sum, and an even share of KL(v || 1/M), which is the
    rest exactly.

    Example:
        >>> DensityMixture().combined(tf.constant([[2.0], [2.0]])).numpy()
        array([2.], dtype=float32)
    """

    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return -log mean exp(-s)."""
        return -(tf.reduce_logsumexp(-scores, axis=0) - tf.math.log(float(scores.shape[0])))

    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return the members' contributions weighed by v."""
        v = tf.nn.softmax(-scores, axis=0)
        divergence = tf.reduce_sum(tf.math.xlogy(v, v * float(scores.shape[0])), axis=0)
        return weighted(v, parts) + shared_evenly(divergence, x)


@final
class WAIC(CombinationRule):
    """score = mean over m of s_m + variance over m of s_m; high where the models disagree, too.

    Contributions: mean of a_m + mean of (s_m - mean s) (a_m - mean a).

    Source: Choi et al. 2018 (WAIC, but Why?), equation 2.

    Example:
        >>> WAIC().combined(tf.constant([[1.0], [3.0]])).numpy()    # 2 + 1
        array([3.], dtype=float32)
    """

    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return mean and variance, added."""
        return tf.reduce_mean(scores, axis=0) + tf.math.reduce_variance(scores, axis=0)

    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return the mean, and the covariance with the score."""
        mean = tf.reduce_mean(parts, axis=0)
        apart = (scores - tf.reduce_mean(scores, axis=0)) / scores.shape[0]
        return mean + weighted(apart, parts - mean)


@final
class StandardizedMean(CombinationRule):
    """score = mean over m of (s_m - c_m) / d_m, c and d mean and standard deviation in training; no unit.

    For scores in different units. Contributions: mean of (a_m - an even share of c_m) / d_m.

    Example:
        >>> combination = StandardizedMean()
        >>> combination.learn(np.array([[0.0, 2.0], [10.0, 30.0]]))
        >>> combination.combined(tf.constant([[3.0], [20.0]])).numpy()    # (2 + 0) / 2
        array([1.], dtype=float32)
    """

    keeps_unit = False

    def learn(self, scores: np.ndarray) -> None:
        """Measure mean and deviation of each member."""
        scores = scores.astype("float64")
        self.set_arrays(center=scores.mean(axis=1), deviation=np.maximum(scores.std(axis=1), 1e-12))

    def combined(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the mean of the standardized scores."""
        center, deviation = (tf.convert_to_tensor(v)[:, tf.newaxis] for v in (self.center, self.deviation))
        return tf.reduce_mean((scores - center) / deviation, axis=0)

    def contributions(self, scores: tf.Tensor, parts: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """Return the mean of the standardized contributions."""
        count = scores.shape[0]
        weights = tf.reshape(1 / (tf.convert_to_tensor(self.deviation) * count), (-1, 1)) * tf.ones_like(
            scores
        )
        offset = tf.reduce_sum(tf.convert_to_tensor(self.center) / (self.deviation * count))
        return weighted(weights, parts) - shared_evenly(offset * tf.ones_like(scores[0]), x)
