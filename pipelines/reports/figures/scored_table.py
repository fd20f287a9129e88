"""Figures of a scored table: the distribution of its scores, and the drift of its columns since training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfvae.data.tables.profile import WEEKDAYS
from tfvae.pipelines.reports.figures.drawing import (
    FIRST,
    MINUS,
    MUTED,
    SECOND,
    Panel,
    chart,
    legend,
    literal,
    svg,
)

if TYPE_CHECKING:
    from tfvae.core.types import Array

_BINS = 60
_FAR = 4  # widths of the calibration scores, beyond which the last bar holds all
_MOST_BARS = 12
_LONGEST_NAME = 14


def score_histogram(scores: Array, calibration: Array, threshold: float) -> Panel:
    """Return the histograms of the table's scores and of the calibration scores, with the threshold.

    Args:
        scores: of the table, [n].
        calibration: evenly spaced quantiles of the calibration scores, [k].
        threshold: rows with a higher score are anomalies.
    """
    limits = np.finfo(np.float32)
    scores, calibration = (values.clip(limits.min, limits.max) for values in (scores, calibration))
    low = min(scores.min(), calibration.min())
    width = max(np.quantile(calibration, 0.99), threshold) - low
    high = min(max(scores.max(), calibration.max()), low + (1 + _FAR) * width)
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    figure, axes = chart(6.0, 3.0)
    for values, color, name in ((calibration, SECOND, "calibration"), (scores, FIRST, "this table")):
        shares = np.histogram(values.clip(edges[0], edges[-1]), edges)[0] / len(values)
        axes.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        axes.stairs(shares, edges, color=color, linewidth=1.5, label=name)
    axes.axvline(threshold, color=MUTED, linewidth=1.4, linestyle="--", label=f"threshold {threshold:.1f}")
    axes.set_xlabel("score, high for unusual rows")
    axes.set_ylabel("share of rows")
    legend(axes, "upper right")
    above = (scores > threshold).mean()
    beyond = " The last bar includes all higher scores." if scores.max() > edges[-1] else ""
    caption = (
        f"{above:.2%} of the rows of this table are above the threshold. "
        f"Median scores: {np.median(scores):.1f}, at calibration {np.median(calibration):.1f}.{beyond}"
    )
    return Panel(svg(figure, f"Histogram of the scores. {caption}"), caption, wide=True)


def bin_shares(name: str, labels: list[str], expected: Array, actual: Array, index: float) -> Panel:
    """Return a bar chart of a column's share of rows in each bin, in training and in this table.

    Args:
        name: name of the column.
        labels: names of the bins.
        expected: shares in training, [bins].
        actual: shares in this table, [bins].
        index: the population stability index of the two.
    """
    kept = _largest_bins(expected, actual)
    expected, actual = expected[kept], actual[kept]
    labels = [literal(_short(labels[index])) for index in kept]
    figure, axes = chart(4.2, 3.0)
    positions = np.arange(len(labels))
    axes.bar(positions - 0.2, expected, 0.4, color=SECOND, alpha=0.6, label="training")
    axes.bar(positions + 0.2, actual, 0.4, color=FIRST, alpha=0.8, label="this table")
    slanted = sum(map(len, labels)) > 40
    axes.set_xticks(positions, labels, rotation=40 if slanted else 0, ha="right" if slanted else "center")
    axes.set_ylabel("share of rows")
    axes.margins(y=0.3)
    legend(axes, "upper right")
    caption = f"{name}: population stability index {index:.2f}."
    return Panel(svg(figure, f"Shares of column {name} in training and in this table"), caption)


def bin_labels(values: Sequence[str | float], edges: tuple[float, ...], kind: str) -> list[str]:
    """Return the names of a profile's bins, in the order of its shares.

    Args:
        values: of a category or an ordinal column; empty for others.
        edges: between the bins of numbers.
        kind: kind of the column.

    Example:
        >>> bin_labels((), (1.0, 2.5), "real")
        ['to 1', 'to 2.5', 'above', 'never seen', 'missing']
    """
    if kind == "date":
        bins = [day[:3] for day in WEEKDAYS]
    elif values:
        bins = [str(value) for value in values]
    else:
        bins = [f"to {edge:.4g}".replace("-", MINUS) for edge in edges] + ["above" if edges else "all"]
    return [*bins, "never seen", "missing"]


def _largest_bins(*shares: Array) -> Array:
    """Return the indices of the largest bins, in order, without those that are empty in both."""
    total = np.sum(shares, axis=0)
    kept = np.sort(np.argsort(-total, kind="stable")[:_MOST_BARS])
    return kept[total[kept] > 0]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
