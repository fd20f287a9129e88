"""A threshold beyond the scores that were seen, by extreme-value theory."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf
from scipy import optimize

from tfvae.anomaly.calibration.base import Calibration
from tfvae.anomaly.calibration.thresholds import share
from tfvae.core.errors import InvalidInput

_FEWEST_PEAKS = 10
_EXPONENTIAL = 1e-4  # shapes below which the tail is exponential to float32


@final
class Tail(Calibration):
    """The threshold that normal data are above with a small probability; peaks over threshold.

    P(score > s) = share (1 + shape (s - start) / scale)^(-1 / shape),  s > start

    a generalized Pareto distribution of the excesses over `start`, the quantile of the held-out scores
    that leaves the given share of them above it. It reaches below 1 / n, where the ranks of
    `FalsePositiveRate` end, if the tail goes on as it begins; nothing is guaranteed. P-values below
    `start` are ranks.

    Args:
        rate: probability that normal data are above the threshold, between 0 and 1.
        peaks: share of the held-out scores that the tail is fitted to.
        held_out: share of the rows that `fit` keeps from training for this.

    Source: Siffer et al. 2017 (SPOT), equations 1 and 2; Grimshaw 1993 (the fit by one dimension).

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
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.rate, self.peaks, self.held_out = (
            share("rate", rate), share("peaks", peaks), share("held_out", held_out)
        )  # fmt: skip
        if not self.rate < self.peaks:
            raise InvalidInput("rate", f"less than the share of peaks, {peaks:g}", rate)

    def learned(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Return the threshold, and the tail's start, share, shape and scale."""
        values = scores.astype("float64")
        start = np.quantile(values, 1 - self.peaks, method="lower")
        excesses = values[values > start] - start
        if len(excesses) < _FEWEST_PEAKS:
            raise InvalidInput(
                "calibration", f"at least {_FEWEST_PEAKS} scores above their quantile {1 - self.peaks:g}",
                f"{len(excesses)} of {len(scores)}",
            )  # fmt: skip
        shape, scale = fit_pareto(excesses)
        above = len(excesses) / len(scores)
        ratio = self.rate / above
        beyond = -np.log(ratio) if abs(shape) < _EXPONENTIAL else np.expm1(-shape * np.log(ratio)) / shape
        return {
            "threshold": start + scale * beyond,
            "start": start,
            "above": above,
            "shape_": shape,
            "scale": scale,
        }

    def p_values(self, scores: tf.Tensor) -> tf.Tensor:
        """Return P(score > s) of the tail above its start, and ranks below."""
        start, above, shape, scale = (
            tf.convert_to_tensor(getattr(self, name)) for name in ("start", "above", "shape_", "scale")
        )
        excess = tf.maximum(scores - start, 0.0) / scale
        straight = tf.abs(shape) < _EXPONENTIAL
        safe = tf.where(straight, 1.0, shape)
        curved = tf.math.log1p(tf.maximum(safe * excess, -1.0)) / safe
        tail = above * tf.exp(-tf.where(straight, excess, curved))
        return tf.where(scores > start, tail, tf.maximum(super().p_values(scores), above))


def fit_pareto(excesses: np.ndarray) -> tuple[float, float]:
    """Return shape and scale of the generalized Pareto distribution by maximum likelihood.

    With theta = shape / scale the best shape is mean log(1 + theta x), which leaves
    -log(shape / theta) - 1 - shape to be maximized over the one number theta.

    Args:
        excesses: positive numbers [n].

    Source: Grimshaw 1993, equation 1.

    Example:
        >>> from scipy import stats
        >>> x = stats.genpareto(0.2, scale=3.0).rvs(100000, random_state=0)
        >>> np.round(fit_pareto(x), 1).tolist()
        [0.2, 3.0]
    """
    mean, largest = excesses.mean(), excesses.max()
    x = excesses / mean

    def shape_of(theta: float) -> float:
        return float(np.log1p(theta * x).mean())

    def loss(theta: float) -> float:
        shape = shape_of(theta)
        scale = 1.0 if abs(theta) < 1e-8 else shape / theta
        return np.log(scale) + 1 + shape if scale > 0 else np.inf

    # For shapes below -1 the likelihood has no maximum: theta stays above the one with shape -1.
    lowest = -(1 - 1e-6) * mean / largest
    grid = np.concatenate([lowest * np.geomspace(1, 1e-4, 60), [0.0], np.geomspace(1e-4, 1e2, 120)])
    losses = [loss(theta) if shape_of(theta) > -1 else np.inf for theta in grid]
    best = int(np.argmin(losses))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    theta = float(found.x) if found.fun <= losses[best] else float(grid[best])
    shape = shape_of(theta)
    return shape, mean * (1.0 if abs(theta) < 1e-8 else shape / theta)
