"""Figures of a scored table: how its scores are spread, and how its columns have moved since training."""

from __future__ import annotations

import numpy as np

from tfvae.data.tables.profile import WEEKDAYS
from tfvae.pipelines.reports.figures import FIRST, MINUS, MUTED, SECOND, Panel, chart, legend, svg

_BINS = 60
_FAR = 4  # widths of the reference, beyond which the last bar holds all
_MOST_BARS = 12
_LONGEST_NAME = 14


def spread(scores: np.ndarray, reference: np.ndarray, threshold: float) -> Panel:
    """Return the scores' histogram with the threshold, beside that of the scores the threshold was chosen by.

    Args:
        scores: of the table, [n].
        reference: evenly spaced quantiles of those of calibration, [k].
        threshold: above it a row is an anomaly.
    """
    low = min(scores.min(), reference.min())
    width = max(np.quantile(reference, 0.99), threshold) - low
    high = min(max(scores.max(), reference.max()), low + (1 + _FAR) * width)
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    figure, axes = chart(6.0, 3.0)
    for values, color, name in ((reference, SECOND, "calibration"), (scores, FIRST, "this table")):
        shares = np.histogram(values.clip(edges[0], edges[-1]), edges)[0] / len(values)
        axes.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        axes.stairs(shares, edges, color=color, linewidth=1.5, label=name)
    axes.axvline(threshold, color=MUTED, linewidth=1.4, linestyle="--", label=f"threshold {threshold:.1f}")
    axes.set_xlabel("score, high for unusual rows")
    axes.set_ylabel("share of the rows")
    legend(axes, "upper right")
    above = (scores > threshold).mean()
    beyond = " The last bar holds all that lies beyond it." if scores.max() > edges[-1] else ""
    caption = (
        f"Above the threshold are {above:.2%} of this table. "
        f"Median scores: {np.median(scores):.1f} and {np.median(reference):.1f}.{beyond}"
    )
    return Panel(svg(figure, f"Histogram of the scores. {caption}"), caption, wide=True)


def shares(name: str, labels: list[str], expected: np.ndarray, actual: np.ndarray, index: float) -> Panel:
    """Return a column's shares of rows in each bin, in training and in this table.

    Args:
        name: the column's.
        labels: of the bins.
        expected: shares in training, [bins].
        actual: shares in this table, [bins].
        index: the population stability index of the two.
    """
    labels, expected, actual = _fewer(labels, expected, actual)
    figure, axes = chart(4.2, 3.0)
    place = np.arange(len(labels))
    axes.bar(place - 0.2, expected, 0.4, color=SECOND, alpha=0.6, label="training")
    axes.bar(place + 0.2, actual, 0.4, color=FIRST, alpha=0.8, label="this table")
    slanted = sum(map(len, labels)) > 40
    axes.set_xticks(place, labels, rotation=40 if slanted else 0, ha="right" if slanted else "center")
    axes.set_ylabel("share of the rows")
    axes.margins(y=0.3)
    legend(axes, "upper right")
    caption = f"{name}: stability index {index:.2f}."
    return Panel(svg(figure, f"Shares of column {name} in training and in this table"), caption)


def bin_labels(values: tuple, edges: tuple[float, ...], kind: str) -> list[str]:
    """Return names of a profile's bins, in the order of its shares.

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


def _fewer(labels: list[str], *parts: np.ndarray) -> tuple:
    """The largest bins, in their order, without those that are empty in both."""
    total = np.sum(parts, axis=0)
    kept = np.sort(np.argsort(-total, kind="stable")[:_MOST_BARS])
    kept = kept[total[kept] > 0]
    short = [labels[place] for place in kept]
    short = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in short]
    return short, *(part[kept] for part in parts)
