"""The abstract calibration: a threshold and p-values from scores."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from scipy import stats

from tfvae.core.checks import positive
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array
from tfvae.core.stateful_part import StatefulPart
from tfvae.core.types import Tensor, Tensors


class Drift(NamedTuple):
    """How far scores have moved since the calibration.

    Attributes:
        statistic: Kolmogorov-Smirnov distance of the two empirical distribution functions, 0 to 1.
        p_value: probability of a distance as large if nothing has changed.
        shift: difference of the medians, in the unit of the score.
    """

    statistic: float
    p_value: float
    shift: float


class Calibration(StatefulPart, abc.ABC):
    """A threshold and p-values, learned from scores; abstract.

    An example is an anomaly if its score is above the threshold. A score that is NaN counts as infinite, so
    that it is never normal. Before `learn`, all p-values are 1 and there are no anomalies.

    Attributes:
        held_out: share of the training examples that the model does not train on and `learn` gets the scores
            of; 0 means the scores of all training examples.
    """

    held_out = 0.0

    def learn(self, scores: np.ndarray) -> None:
        """Learn from scores; what was learned before is replaced.

        Args:
            scores: of held-out examples, or of the training examples, [n]; some may be infinite, as those of
                values that overflow are.

        Raises:
            InvalidInput: for scores that are not [n], NaN, too few for a threshold, or all equal, and where
                the threshold would be infinite.
        """
        scores = np.asarray(to_array("calibration", scores), "float32")
        if scores.ndim != 1:
            raise InvalidInput("calibration", "one score for each row", f"shape {scores.shape}")
        scores = np.sort(scores)
        if len(scores) < 2:
            raise InvalidInput("calibration", "scores of at least 2 rows", f"{len(scores)}")
        if np.isnan(scores).any():
            raise InvalidInput(
                "calibration", "scores that are numbers", f"{int(np.isnan(scores).sum())} that are NaN"
            )
        if scores[0] == scores[-1]:
            raise InvalidInput(
                "calibration", "rows that differ", f"{len(scores)} rows with score {scores[0]:g}"
            )
        estimates = self.estimate(scores)
        if not np.isfinite(estimates["threshold"]):
            count = int(np.isinf(scores).sum())
            raise InvalidInput(
                "calibration", "scores with a finite threshold", f"{count} of {len(scores)} that are infinite"
            )
        self.clear_arrays()
        self.set_arrays(scores=scores, **estimates)

    @abc.abstractmethod
    def estimate(self, scores: np.ndarray) -> dict[str, Any]:
        """Return `threshold`, and further numbers or arrays to save, by name.

        Args:
            scores: in ascending order, [n].
        """

    def p_values(self, scores: Tensor) -> Tensor:
        """Return the share of normal data with a score at least as high, [B].

        p = (1 + number of the n calibration scores >= score) / (n + 1)

        Args:
            scores: [B].
        """
        known = tf.convert_to_tensor(self.scores)
        below = tf.searchsorted(known, infinite_if_nan(scores), side="left")
        count = known.shape[0]
        return tf.cast(1 + count - below, tf.float32) / (count + 1)

    def decide(self, scores: Tensor) -> Tensors:
        """Return `p_value` and `is_anomaly`, each [B].

        Args:
            scores: [B].
        """
        if not self.array_names:
            return {"p_value": tf.ones_like(scores), "is_anomaly": tf.zeros_like(scores, tf.bool)}
        scores = infinite_if_nan(scores)
        above = scores > tf.convert_to_tensor(self.threshold)
        return {"p_value": self.p_values(scores), "is_anomaly": above}

    def drift(self, scores: np.ndarray) -> Drift:
        """Return how far new scores are from those that the calibration learned from.

        Args:
            scores: new scores, [n]; NaN counts as infinite.

        Raises:
            InvalidInput: for no scores.

        Example:
            >>> from tfvae.anomaly import Contamination
            >>> calibration = Contamination()
            >>> calibration.learn(np.arange(100))
            >>> drift = calibration.drift(np.arange(100) + 50)
            >>> drift.statistic, drift.shift
            (0.5, 50.0)
        """
        known = np.asarray(self.scores, "float64")
        scores = np.asarray(to_array("scores", scores), "float64")
        if not len(scores):
            raise InvalidInput("scores", "at least one score", "none")
        scores = np.where(np.isnan(scores), np.inf, scores)
        test: Any = stats.ks_2samp(known, scores)
        shift = float(np.median(scores) - np.median(known))
        return Drift(float(test.statistic), float(test.pvalue), shift)


def infinite_if_nan(scores: Tensor) -> Tensor:
    """Return scores, infinite where they are NaN, [B].

    Args:
        scores: [B].

    Example:
        >>> infinite_if_nan(tf.constant([1.0, float("nan")])).numpy()
        array([ 1., inf], dtype=float32)
    """
    return tf.where(tf.math.is_nan(scores), tf.constant(np.inf, scores.dtype), scores)


def proper_fraction(argument: str, value: float) -> float:
    """Return a number strictly between 0 and 1 as a float.

    Args:
        argument: its name, for the message.
        value: the number.

    Raises:
        InvalidInput: for any other number.

    Example:
        >>> proper_fraction("rate", 0.25)
        0.25
    """
    if not positive(argument, value) < 1:
        raise InvalidInput(argument, "a number between 0 and 1", value)
    return float(value)
