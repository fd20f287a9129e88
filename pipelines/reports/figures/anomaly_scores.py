"""Anomaly scores: their distribution, and how well they separate outliers from the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import roc_auc_score, roc_curve

from tfvae.pipelines.reports.figures.drawing import (
    FIRST,
    MINUS,
    MUTED,
    SECOND,
    THIRD,
    Panel,
    chart,
    legend,
    svg,
)

if TYPE_CHECKING:
    from tfvae.core.types import Array

_MOST_BINS = 40
_QUANTILE = 0.99  # of each set that is inside the axis, unless it is far away
_FAR = 4  # widths of the scores of the data


def histograms(part: str, inside: Array, outliers: Mapping[str, Array]) -> Panel:
    """Return the histograms of the scores, in shares of each set.

    Args:
        part: name of the examples.
        inside: scores of the examples [n].
        outliers: scores of each set of outliers, by its name.
    """
    sets = {part: inside, **outliers}
    figure, axes = chart(4.2, 3.2)
    edges = _edges(list(sets.values()))
    for (name, values), color in zip(sets.items(), (FIRST, SECOND, THIRD), strict=False):
        shares = np.histogram(values.clip(max=edges[-1]), edges)[0] / len(values)
        axes.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        axes.stairs(shares, edges, color=color, linewidth=1.5, label=f"{name} ({len(values)})")
    axes.set_xlabel(f"score, {MINUS}log p(x) in nats")
    axes.set_ylabel("share of the set")
    if outliers:
        legend(axes)
    beyond = any((values > edges[-1]).any() for values in sets.values())
    medians = ", ".join(f"{name} {np.median(values):.1f}" for name, values in sets.items())
    caption = f"Median score: {medians} nats." + (" The last bar includes all higher scores." * beyond)
    return Panel(svg(figure, f"Histograms of the score. Medians: {medians} nats"), caption)


def roc(part: str, inside: Array, outliers: Mapping[str, Array]) -> Panel:
    """Return the ROC curves: true against false positive rate, for every threshold.

    Args:
        part: name of the examples.
        inside: scores of the examples [n].
        outliers: scores of each set of outliers, by its name.
    """
    figure, axes = chart(4.2, 3.2)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, linestyle="--")
    areas = {}
    for (name, values), color in zip(outliers.items(), (SECOND, THIRD), strict=False):
        truth = np.concatenate([np.zeros(len(inside)), np.ones(len(values))])
        false_positive, true_positive, _ = roc_curve(truth, np.concatenate([inside, values]))
        areas[name] = auroc(inside, values)
        label = f"{name}, area {areas[name]:.4f}"
        axes.plot(false_positive, true_positive, color=color, linewidth=1.8, label=label, clip_on=False)
    _unit_square(axes)
    legend(axes, "lower right")
    listed = ", ".join(f"{name} {area:.4f}" for name, area in areas.items())
    caption = f"True positive rate: share of outliers detected. False positive rate: share of {part} flagged."
    return Panel(svg(figure, f"ROC curves. Area under the curve: {listed}"), caption)


def auroc(inside: Array, outside: Array) -> float:
    """Return the area under the ROC curve, P(an outlier scores higher than an example); ties count half.

    Args:
        inside: scores of the examples [n].
        outside: scores of the outliers [m].

    Example:
        >>> auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
        0.875
    """
    truth = np.concatenate([np.zeros(len(inside)), np.ones(len(outside))])
    return float(roc_auc_score(truth, np.concatenate([inside, outside])))


def _edges(sets: list[Array]) -> Array:
    """Return the bins for all sets; the first set takes a good part of the axis wherever the others are."""
    inside = sets[0]
    low, high = min(values.min() for values in sets), max(values.max() for values in sets)
    if len(sets) > 1:
        width = np.quantile(inside, _QUANTILE) - inside.min()
        high = max(np.quantile(values, _QUANTILE) for values in sets)
        high = min(high, inside.min() + (1 + _FAR) * width) if width > 0 else high
    bins = min(_MOST_BINS, max(8, 2 * round(np.sqrt(len(inside)))))
    return np.linspace(low, high if high > low else low + 1, bins + 1)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate")
