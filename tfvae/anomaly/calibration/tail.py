"""A threshold beyond the observed scores, by extreme value theory."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.calibration.base import Calibration, infinite_if_nan, proper_fraction
from tfvae.anomaly.calibration.pareto import fit_generalized_pareto
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor

_FEWEST_PEAKS = 10
_EXPONENTIAL = 1e-4  # |shape| below which the tail is exponential to float32 precision


@final
class Tail(Calibration):
    """The threshold that normal data are above with a small probability, by peaks over threshold.

    P(score > s) = above (1 + shape (s - start) / scale)^(-1 / shape),  s > start

    A generalized Pareto distribution of the excesses over `start`, the quantile of the held-out scores that
    leaves the share `above` of them above it. It extrapolates below 1 / n, the smallest p-value of
    `FalsePositiveRate`, on the assumption that the tail continues as it begins; nothing is guaranteed.
    P-values of scores below `start` are those of the ranks.

    Args:
        rate: probability that normal data are above the threshold, between 0 and `peaks`.
        peaks: share of the held-out scores that the tail is fitted to, between 0 and 1.
        held_out: share of the training examples that `fit` holds out for the calibration, between 0 and 1.

    Raises:
        InvalidInput: for a number outside its range.

    Source: Siffer et al. 2017 (SPOT), equations 1 and 2; Grimshaw 1993 (the one-dimensional fit).

    Example:
        >>> calibration = Tail(rate=1e-4)
        >>> calibration.learn(np.random.default_rng(0).exponential(size=20000))
        >>> bool(abs(calibration.threshold - np.log(1e4)) < 1)
        True
    """

    def __init__(
        self,
        rate: float = 1e-3,
        peaks: float = 0.05,
        held_out: float = 0.2,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.rate = proper_fraction("rate", rate)
        self.peaks = proper_fraction("peaks", peaks)
        self.held_out = proper_fraction("held_out", held_out)
        if not self.rate < self.peaks:
            raise InvalidInput("rate", f"less than the share of peaks, {peaks:g}", rate)

    def estimate(self, scores: np.ndarray) -> dict[str, Any]:
        """Return the threshold and the tail's start, share, shape and scale.

        Raises:
            InvalidInput: for fewer than 10 scores above the start, and for infinite ones.
        """
        if not np.isfinite(scores).all():
            count = int((~np.isfinite(scores)).sum())
            raise InvalidInput("calibration", "finite scores, to fit a tail to", f"{count} that are infinite")
        values = scores.astype("float64")
        start = np.quantile(values, 1 - self.peaks, method="lower")
        excesses = values[values > start] - start
        if len(excesses) < _FEWEST_PEAKS:
            raise InvalidInput(
                "calibration", f"at least {_FEWEST_PEAKS} scores above their quantile {1 - self.peaks:g}",
                f"{len(excesses)} of {len(scores)}",
            )  # fmt: skip
        shape, scale = fit_generalized_pareto(excesses)
        above = len(excesses) / len(scores)
        ratio = min(self.rate / above, 1.0)  # ties at the start may leave fewer above it than the rate
        excess = -np.log(ratio) if abs(shape) < _EXPONENTIAL else np.expm1(-shape * np.log(ratio)) / shape
        return {
            "threshold": start + scale * excess,
            "start": start,
            "above": above,
            "shape_": shape,
            "scale": scale,
        }

    def p_values(self, scores: Tensor) -> Tensor:
        """Return P(score > s) by the fitted tail above its start, and by the ranks below."""
        scores = infinite_if_nan(scores)
        start, above, shape, scale = (
            tf.convert_to_tensor(getattr(self, name)) for name in ("start", "above", "shape_", "scale")
        )
        excess = tf.maximum(scores - start, 0.0) / scale
        exponential = tf.abs(shape) < _EXPONENTIAL
        safe_shape = tf.where(exponential, 1.0, shape)
        curved = tf.math.log1p(tf.maximum(safe_shape * excess, -1.0)) / safe_shape
        tail = above * tf.exp(-tf.where(exponential, excess, curved))
        return tf.where(scores > start, tail, tf.maximum(super().p_values(scores), above))
