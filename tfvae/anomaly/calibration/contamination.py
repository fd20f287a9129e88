"""A threshold by the share of anomalies in the training data."""

from __future__ import annotations

import math
from typing import Any, final

import numpy as np

from tfvae.anomaly.calibration.base import Calibration
from tfvae.core.checks import positive, real_number
from tfvae.core.types import DType


@final
class Contamination(Calibration):
    """The threshold that a given share of the training examples is above: at least ceil(share n) of them.

    More are above it only where scores are equal. For training data of which about this share are anomalies.
    The p-values compare with examples that the model was trained on, which score slightly lower than new
    ones. For a rate that holds on new data use `FalsePositiveRate`.

    Args:
        share: share of the training examples, above 0 and at most 0.5.

    Raises:
        InvalidInput: for a `share` outside this range.

    Example:
        >>> calibration = Contamination(0.2)
        >>> calibration.learn(np.arange(10))
        >>> calibration.decide(np.array([7.0, 8.0], "float32"))["is_anomaly"].numpy()
        array([False,  True])
    """

    def __init__(self, share: float = 0.05, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.share = real_number("share", positive("share", share), at_most=0.5)

    def estimate(self, scores: np.ndarray) -> dict[str, Any]:
        """Return the greatest of the scores that leaves at least the share above it, or else the least."""
        count = math.ceil(self.share * len(scores) - 1e-9)
        lower = scores[scores < scores[-count]]
        return {"threshold": lower[-1] if len(lower) else scores[0]}
