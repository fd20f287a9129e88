"""A threshold with a guaranteed false-positive rate, by split conformal prediction."""

from __future__ import annotations

import math
from typing import Any, final

import numpy as np

from tfvae.anomaly.calibration.base import Calibration, proper_fraction
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType


@final
class FalsePositiveRate(Calibration):
    """The threshold that new normal data are above with at most a given probability; split conformal.

    anomaly if p <= rate,  p = (1 + number of the n held-out scores >= score) / (n + 1)

    For any distribution of the scores, P(anomaly | normal, exchangeable with the held-out examples) <= rate,
    and above rate - 1 / (n + 1) if no two scores are equal. The probability is over the held-out examples as
    well: the rate that one set of them gives is distributed as Beta(k, n + 1 - k), k = floor(rate (n + 1)).

    Args:
        rate: false-positive rate, between 0 and 1.
        held_out: share of the training examples that `fit` holds out for the calibration, between 0 and 1.

    Raises:
        InvalidInput: for a `rate` or a `held_out` outside (0, 1).

    Source: Vovk et al. 2005 (conformal prediction); Bates et al. 2023, equation 1 and section 2.

    Example:
        >>> calibration = FalsePositiveRate(0.2)
        >>> calibration.learn(np.arange(9))
        >>> decisions = calibration.decide(np.array([7.0, 7.5], "float32"))
        >>> decisions["p_value"].numpy(), decisions["is_anomaly"].numpy()
        (array([0.3, 0.2], dtype=float32), array([False,  True]))
    """

    def __init__(
        self, rate: float = 0.01, held_out: float = 0.2, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.rate, self.held_out = proper_fraction("rate", rate), proper_fraction("held_out", held_out)

    def estimate(self, scores: np.ndarray) -> dict[str, Any]:
        """Return the k-th greatest score, k = floor(rate (n + 1)).

        Raises:
            InvalidInput: for too few scores for the rate.
        """
        rank = math.floor(self.rate * (len(scores) + 1) + 1e-9)
        if rank < 1:
            fewest = math.ceil(1 / self.rate - 1e-9) - 1
            raise InvalidInput(
                "calibration",
                f"at least {fewest} held-out rows for a false-positive rate of {self.rate:g}",
                f"{len(scores)}",
            )
        return {"threshold": scores[-rank]}
