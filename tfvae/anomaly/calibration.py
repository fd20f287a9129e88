"""From scores to p-values and decisions: what a calibration is, and two of them."""

from __future__ import annotations

import abc
import math
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.memory import Remembering
from tfvae.checks import real_number
from tfvae.errors import InvalidInput


class Calibration(Remembering, abc.ABC):
    """A threshold and p-values, learned from scores; abstract.

    An example is an anomaly where its score is above the threshold.

    Attributes:
        held_out: share of the training rows that the model does not see, for `learn`; 0 is that `learn`
            sees the scores of the training rows themselves.
    """

    held_out = 0.0

    def learn(self, scores: np.ndarray) -> None:
        """Learn from scores [n] of rows that were kept for it.

        Raises:
            InvalidInput: for scores that are not finite, or too few or too equal for a threshold.
        """
        scores = np.sort(np.asarray(scores, "float32"))
        if len(scores) < 2 or not np.isfinite(scores).all():
            raise InvalidInput("calibration", "finite scores of at least 2 rows", f"{len(scores)} rows")
        self.remember(scores=scores, threshold=np.float32(self.threshold_of(scores)))

    @abc.abstractmethod
    def threshold_of(self, scores: np.ndarray) -> float:
        """Return the threshold for scores [n] in rising order."""

    def p_values(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the share of normal data that scores at least as high, [B], for scores [B].

        p = (1 + number of the n calibration scores >= score) / (n + 1)
        """
        known = tf.convert_to_tensor(self.scores)
        below = tf.searchsorted(known, scores, side="left")
        count = known.shape[0]
        return tf.cast(1 + count - below, tf.float32) / (count + 1)

    def is_anomaly(self, scores: tf.Tensor) -> tf.Tensor:
        """Return whether each score is above the threshold, bool [B]."""
        return scores > tf.convert_to_tensor(self.threshold)


@final
class Contamination(Calibration):
    """The threshold that the given share of the training rows is above.

    For training data of which about this share are anomalies. The p-values compare with rows that the
    model was trained on, which score a little lower than new ones: for a rate that holds on new data, take
    `FalsePositiveRate`.

    Args:
        share: of the training rows, in (0, 0.5].

    Example:
        >>> calibration = Contamination(0.2)
        >>> calibration.learn(np.arange(10))
        >>> calibration.is_anomaly(tf.constant([7.0, 8.0])).numpy()
        array([False,  True])
    """

    def __init__(self, share: float = 0.05, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.share = real_number("share", share, at_most=0.5)
        if not self.share > 0:
            raise InvalidInput("share", "a number above 0, at most 0.5", share)

    def threshold_of(self, scores: np.ndarray) -> float:
        """Return one of the scores: the greatest that leaves at least the share above it, up to ties."""
        return np.quantile(scores, 1 - self.share, method="lower")


@final
class FalsePositiveRate(Calibration):
    """The threshold that new normal data are above with at most the given probability; split conformal.

    anomaly where p <= rate,  p = (1 + number of the n held-out scores >= score) / (n + 1)

    Whatever the scores' distribution: P(anomaly | normal, exchangeable with the held-out rows) <= rate, and
    above rate - 1 / (n + 1) where no two scores are equal. The probability is over the held-out rows as well.

    Args:
        rate: false-positive rate, in (0, 1).
        held_out: share of the rows that `fit` keeps from training for this.

    Source: Vovk et al. 2005 (conformal prediction); Bates et al. 2023, equation 1.

    Example:
        >>> calibration = FalsePositiveRate(0.2)
        >>> calibration.learn(np.arange(9))
        >>> scores = tf.constant([7.0, 7.5])
        >>> calibration.p_values(scores).numpy(), calibration.is_anomaly(scores).numpy()
        (array([0.3, 0.2], dtype=float32), array([False,  True]))
    """

    def __init__(
        self, rate: float = 0.01, held_out: float = 0.2, *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.rate, self.held_out = real_number("rate", rate, 0, 1), real_number("held_out", held_out, 0, 1)
        if not 0 < self.rate < 1:
            raise InvalidInput("rate", "a number between 0 and 1", rate)
        if not 0 < self.held_out < 1:
            raise InvalidInput("held_out", "a number between 0 and 1", held_out)

    def threshold_of(self, scores: np.ndarray) -> float:
        """Return the k-th greatest score, k = floor(rate (n + 1))."""
        rank = math.floor(self.rate * (len(scores) + 1) + 1e-9)
        if rank < 1:
            fewest = math.ceil(1 / self.rate - 1e-9) - 1
            raise InvalidInput(
                "calibration",
                f"at least {fewest} held-out rows for a false-positive rate of {self.rate:g}",
                f"{len(scores)} rows",
            )
        return scores[-rank]
