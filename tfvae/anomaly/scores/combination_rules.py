"""Rules that combine several scores of an example into one."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import equal_shares, weighted_sum
from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.stateful_part import StatefulPart
from tfvae.core.types import DType, Tensor


class CombinationRule(StatefulPart, abc.ABC):
    """From the scores of M members to one score, and to contributions that add up to it; abstract.

    Attributes:
        keeps_unit: whether the result has the unit of the members' scores.
        learns: whether `learn` needs the scores of the training data, which cost a pass of all members.
    """

    keeps_unit = True
    learns = False

    def check(self, count: int) -> None:
        """Reject a number of members that the rule cannot combine.

        Args:
            count: M.

        Raises:
            InvalidInput: names the argument of the rule.
        """

    def learn(self, scores: np.ndarray) -> None:
        """Learn from the members' scores of the training data; most rules learn nothing.

        Args:
            scores: [M, N].
        """

    @abc.abstractmethod
    def combine(self, scores: Tensor) -> Tensor:
        """Return one score for each example, [B].

        Args:
            scores: the members' scores, [M, B].
        """

    @abc.abstractmethod
    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the contribution of each element to the combined score, [B, *event].

        Args:
            scores: the members' scores, [M, B].
            parts: the members' contributions, [M, B, *event].
            x: data [B, *event], NaN where missing.
        """


@final
class Mean(CombinationRule):
    """score = mean over m of s_m; for s_m = -log p_m(x), minus the average log-likelihood.

    Example:
        >>> Mean().combine(tf.constant([[1.0], [3.0]])).numpy()
        array([2.], dtype=float32)
    """

    def combine(self, scores: Tensor) -> Tensor:
        """Return the mean."""
        return tf.reduce_mean(scores, axis=0)

    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the mean of the members' contributions."""
        return tf.reduce_mean(parts, axis=0)


@final
class WeightedSum(CombinationRule):
    """score = sum over m of w_m s_m, in the unit of the scores.

    Args:
        coefficients: w, one number for each score.

    Raises:
        InvalidInput: for no coefficients, or one that is not a finite number.

    Example:
        >>> WeightedSum((1.0, 3.0)).combine(tf.constant([[1.0], [2.0]])).numpy()
        array([7.], dtype=float32)
    """

    def __init__(self, coefficients: tuple[float, ...], *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(coefficients, list | tuple) or not coefficients:
            raise InvalidInput("coefficients", "one or more numbers", coefficients)
        self.coefficients = tuple(real_number("coefficients", weight) for weight in coefficients)

    def check(self, count: int) -> None:
        """Reject another number of scores than of coefficients."""
        if count != len(self.coefficients):
            raise InvalidInput("coefficients", f"{count}, one for each score", len(self.coefficients))

    def combine(self, scores: Tensor) -> Tensor:
        """Return the weighted sum."""
        return tf.reduce_sum(self._weights(scores) * scores, axis=0)

    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the weighted sum of the members' contributions."""
        return weighted_sum(self._weights(scores), parts)

    def _weights(self, scores: Tensor) -> Tensor:
        return tf.constant(self.coefficients)[:, tf.newaxis] * tf.ones_like(scores)


@final
class DensityMixture(CombinationRule):
    """score = -log mean over m of exp(-s_m); for s_m = -log p_m(x), that of the mixture of the models.

    Contributions: sum_m v_m a_m with v_m = exp(-s_m) / sum_j exp(-s_j), plus an equal share of
    KL(v || 1/M), which is exactly the remainder.

    Example:
        >>> DensityMixture().combine(tf.constant([[2.0], [2.0]])).numpy()
        array([2.], dtype=float32)
    """

    def combine(self, scores: Tensor) -> Tensor:
        """Return -log mean exp(-s)."""
        return -(tf.reduce_logsumexp(-scores, axis=0) - tf.math.log(float(scores.shape[0])))

    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the members' contributions weighted by v, plus equal shares of the remainder."""
        v = tf.nn.softmax(-scores, axis=0)
        divergence = tf.reduce_sum(tf.math.xlogy(v, v * float(scores.shape[0])), axis=0)
        return weighted_sum(v, parts) + equal_shares(divergence, x)


@final
class WAIC(CombinationRule):
    """score = mean over m of s_m + variance over m of s_m; also high where the models disagree.

    Contributions: mean of a_m + mean of (s_m - mean s) (a_m - mean a).

    Source: Choi et al. 2018 (WAIC, but Why?), equation 2.

    Example:
        >>> WAIC().combine(tf.constant([[1.0], [3.0]])).numpy()    # 2 + 1
        array([3.], dtype=float32)
    """

    def combine(self, scores: Tensor) -> Tensor:
        """Return mean plus variance."""
        return tf.reduce_mean(scores, axis=0) + tf.math.reduce_variance(scores, axis=0)

    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the mean of the contributions plus their covariance with the score."""
        mean = tf.reduce_mean(parts, axis=0)
        deviation = (scores - tf.reduce_mean(scores, axis=0)) / scores.shape[0]
        return mean + weighted_sum(deviation, parts - mean)


@final
class StandardizedMean(CombinationRule):
    """score = mean over m of (s_m - c_m) / d_m, c and d mean and standard deviation in training; no unit.

    For scores in different units. Contributions: mean of (a_m - an equal share of c_m) / d_m.

    Example:
        >>> rule = StandardizedMean()
        >>> rule.learn(np.array([[0.0, 2.0], [10.0, 30.0]]))
        >>> rule.combine(tf.constant([[3.0], [20.0]])).numpy()    # (2 + 0) / 2
        array([1.], dtype=float32)
    """

    keeps_unit = False
    learns = True

    def learn(self, scores: np.ndarray) -> None:
        """Estimate the mean and the standard deviation of each member's scores."""
        scores = scores.astype("float64")
        self.set_arrays(center=scores.mean(axis=1), deviation=np.maximum(scores.std(axis=1), 1e-12))

    def combine(self, scores: Tensor) -> Tensor:
        """Return the mean of the standardized scores."""
        center, deviation = (tf.convert_to_tensor(v)[:, tf.newaxis] for v in (self.center, self.deviation))
        return tf.reduce_mean((scores - center) / deviation, axis=0)

    def contributions(self, scores: Tensor, parts: Tensor, x: Tensor) -> Tensor:
        """Return the mean of the standardized contributions."""
        count = scores.shape[0]
        weights = tf.reshape(1 / (tf.convert_to_tensor(self.deviation) * count), (-1, 1)) * tf.ones_like(
            scores
        )
        offset = tf.reduce_sum(tf.convert_to_tensor(self.center) / (self.deviation * count))
        return weighted_sum(weights, parts) - equal_shares(offset * tf.ones_like(scores[0]), x)
