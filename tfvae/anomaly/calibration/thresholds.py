"""Thresholds by the share of anomalies, and by a false-positive rate that is guaranteed."""

from __future__ import annotations

import math
from typing import final

import numpy as np

from tfvae.anomaly.calibration.base import Calibration
from tfvae.core.checks import positive, real_number
from tfvae.core.errors import InvalidInput


@final
class Contamination(Calibration):
    """The threshold that the given share of the training rows is above.

    For training data of which about this share are anomalies. The p-values compare with rows that the
    model was trained on, which score a little lower than new ones: for a rate that holds on new data, take
    `FalsePositiveRate`.

    Args:
        share: of the training rows, above 0 and at most 0.5.

    Example:
        >>> calibration = Contamination(0.2)
        >>> calibration.learn(np.arange(10))
        >>> calibration.decided(np.array([7.0, 8.0], "float32"))["is_anomaly"].numpy()
        array([False,  True])
    """

    def __init__(self, share: float = 0.05, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.share = real_number("share", positive("share", share), at_most=0.5)

    def learned(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Return one of the scores: the greatest that leaves at least the share above it, up to ties."""
        return {"threshold": np.quantile(scores, 1 - self.share, method="lower")}


@final
class FalsePositiveRate(Calibration):
    """The threshold that new normal data are above with at most the given probability; split conformal.

    anomaly where p <= rate,  p = (1 + number of the n held-out scores >= score) / (n + 1)

    Whatever the scores' distribution: P(anomaly | normal, exchangeable with the held-out rows) <= rate, and
    above rate - 1 / (n + 1) where no two scores are equal. The probability is over the held-out rows as
    well: the rate that one set of them gives is spread around its mean as Beta(k, n + 1 - k), k =
    floor(rate (n + 1)).

    Args:
        rate: false-positive rate, between 0 and 1.
        held_out: share of the rows that `fit` keeps from training for this.

    Source: Vovk et al. 2005 (conformal prediction); Bates et al. 2023, equation 1 and section 2.

    Example:
        >>> calibration = FalsePositiveRate(0.2)
        >>> calibration.learn(np.arange(9))
        >>> decided = calibration.decided(np.array([7.0, 7.5], "float32"))
        >>> decided["p_value"].numpy(), decided["is_anomaly"].numpy()
        (array([0.3, 0.2], dtype=float32), array([False,  True]))
    """

    def __init__(
        self, rate: float = 0.01, held_out: float = 0.2, *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.rate, self.held_out = share("rate", rate), share("held_out", held_out)

    def learned(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Return the k-th greatest score, k = floor(rate (n + 1))."""
        rank = math.floor(self.rate * (len(scores) + 1) + 1e-9)
        if rank < 1:
            fewest = math.ceil(1 / self.rate - 1e-9) - 1
            raise InvalidInput(
                "calibration",
                f"at least {fewest} held-out rows for a false-positive rate of {self.rate:g}",
                f"{len(scores)}",
            )
        return {"threshold": scores[-rank]}


def share(argument: str, value: float) -> float:
    """Return a number between 0 and 1, neither of them."""
    if not positive(argument, value) < 1:
        raise InvalidInput(argument, "a number between 0 and 1", value)
    return float(value)
