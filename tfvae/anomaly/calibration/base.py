"""What a calibration is: from scores to p-values and decisions."""

from __future__ import annotations

import abc
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy import stats

from tfvae.core.errors import InvalidInput
from tfvae.core.stateful_part import StatefulPart


class Drift(NamedTuple):
    """How far scores have moved since the calibration.

    Attributes:
        statistic: largest distance between the two distribution functions (Kolmogorov and Smirnov), 0 to 1.
        p_value: probability of one as large where nothing has changed.
        shift: difference of the medians, in the units of the score.
    """

    statistic: float
    p_value: float
    shift: float


class Calibration(StatefulPart, abc.ABC):
    """A threshold and p-values, learned from scores; abstract.

    An example is an anomaly where its score is above the threshold. Before `learn` nothing is known:
    p-values are 1 and there are no anomalies.

    Attributes:
        held_out: share of the training rows that the model does not see, for `learn`; 0 is that `learn`
            sees the scores of the training rows themselves.
    """

    held_out = 0.0

    def learn(self, scores: np.ndarray) -> None:
        """Learn from scores [n] of rows that were kept for it; what was learned before is forgotten.

        Raises:
            InvalidInput: for scores that are not [n], not finite, too few for a threshold, or all the same.
        """
        scores = np.asarray(scores, "float32")
        if scores.ndim != 1:
            raise InvalidInput("calibration", "one score for each row", f"shape {scores.shape}")
        scores = np.sort(scores)
        if len(scores) < 2:
            raise InvalidInput("calibration", "scores of at least 2 rows", f"{len(scores)}")
        if not np.isfinite(scores).all():
            raise InvalidInput(
                "calibration",
                "finite scores",
                f"{int((~np.isfinite(scores)).sum())} that are NaN or infinite",
            )
        if scores[0] == scores[-1]:
            raise InvalidInput(
                "calibration", "rows that differ", f"{len(scores)} rows with score {scores[0]:g}"
            )
        learned = self.learned(scores)
        self.clear_arrays()
        self.set_arrays(scores=scores, **learned)

    @abc.abstractmethod
    def learned(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Return `threshold`, and what else is to be remembered, of scores [n] in rising order."""

    def p_values(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the share of normal data that scores at least as high, [B], for scores [B].

        p = (1 + number of the n calibration scores >= score) / (n + 1)
        """
        known = tf.convert_to_tensor(self.scores)
        below = tf.searchsorted(known, scores, side="left")
        count = known.shape[0]
        return tf.cast(1 + count - below, tf.float32) / (count + 1)

    def decided(self, scores: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return `p_value` and `is_anomaly`, each [B], for scores [B]."""
        if not self.array_names:
            return {"p_value": tf.ones_like(scores), "is_anomaly": tf.zeros_like(scores, tf.bool)}
        above = scores > tf.convert_to_tensor(self.threshold)
        return {"p_value": self.p_values(scores), "is_anomaly": above}

    def drift(self, scores: np.ndarray) -> Drift:
        """Return how far new scores [n] are from those that were learned from.

        Example:
            >>> from tfvae.anomaly import Contamination
            >>> calibration = Contamination()
            >>> calibration.learn(np.arange(100))
            >>> drift = calibration.drift(np.arange(100) + 50)
            >>> drift.statistic, drift.shift
            (0.5, 50.0)
        """
        known = np.asarray(self.scores, "float64")
        scores = np.asarray(scores, "float64")
        test = stats.ks_2samp(known, scores)
        shift = float(np.median(scores) - np.median(known))
        return Drift(float(test.statistic), float(test.pvalue), shift)
