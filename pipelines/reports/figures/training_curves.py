"""Loss, distortion and rate by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.ticker import MaxNLocator

from tfvae.pipelines.reports.figures.drawing import FIRST, MINUS, SECOND, Panel, chart, legend, svg

_MEANINGS = {
    "loss": "Loss: the minimized objective.",
    "distortion": f"Distortion, {MINUS}E log p(x|z): the reconstruction error.",
    "rate": "Rate, KL(q(z|x) ‖ p(z)): how much information about x the code holds.",
}


def training_curves(metrics: Sequence[Mapping[str, float]]) -> list[Panel]:
    """Return a chart for each of loss, distortion and rate that was recorded.

    Args:
        metrics: one dict an epoch, with `epoch` and, for a metric `m`, the keys `m` and perhaps `val_m`.
    """
    panels = []
    for name, meaning in _MEANINGS.items():
        series = {
            label: [(line["epoch"], line[key]) for line in metrics if math.isfinite(line.get(key, math.nan))]
            for label, key in (("training", name), ("validation", f"val_{name}"))
        }
        series = {label: points for label, points in series.items() if points}
        if series:
            panels.append(_curve(name, meaning, series))
    return panels


def _curve(name: str, meaning: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> Panel:
    figure, axes = chart(3.6, 2.6)
    for (label, points), color in zip(series.items(), (FIRST, SECOND), strict=False):
        epochs, values = zip(*points, strict=True)
        marker = "o" if len(points) == 1 else None
        axes.plot(epochs, values, color=color, linewidth=1.8, label=label, marker=marker)
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{name}, nats")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if all(len(points) == 1 for points in series.values()):
        axes.set_xticks(sorted({points[0][0] for points in series.values()}))
    if len(series) > 1:
        legend(axes)
    last = ", ".join(f"{label} {points[-1][1]:.2f}" for label, points in series.items())
    return Panel(svg(figure, f"{name} by epoch; at the end {last} nats"), f"{meaning} At the end {last}.")
