"""How well each column of a table is reconstructed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfvae.pipelines.reports.figures.drawing import FIRST, MUTED, Panel, chart, svg

if TYPE_CHECKING:
    from tfvae.core.types import Array

_PANELS = 6


def scatters(original: Array, reconstruction: Array, names: tuple[str, ...] | None = None) -> list[Panel]:
    """Return scatter charts of reconstructed against original values, of at most six columns.

    Of more than six columns, six are chosen from the best to the worst reconstructed, in even steps.

    Args:
        original: [n, columns].
        reconstruction: the same shape.
        names: of the columns; None means their numbers from 0.
    """
    explained = explained_variance(original, reconstruction)
    names = names or tuple(f"Column {column}" for column in range(original.shape[1]))
    order = np.argsort(-explained, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, _PANELS).round().astype(int))]
    return [
        _scatter(names[column], original[:, column], reconstruction[:, column], float(explained[column]))
        for column in chosen
    ]


def explained_variance(original: Array, reconstruction: Array) -> Array:
    """Return 1 - mean squared error / variance of each column's observed values, [columns].

    NaN in `original` is a missing value. The result is NaN for a constant column and for one without values.

    Args:
        original: [n, columns].
        reconstruction: the same shape.

    Example:
        >>> explained_variance(np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]]))
        array([0.])
    """
    observed = np.isfinite(original)
    count = np.maximum(observed.sum(0), 1)
    values, rebuilt = np.where(observed, original, 0), np.where(observed, reconstruction, 0)
    variance = np.where(observed, np.square(values - values.sum(0) / count), 0).sum(0) / count
    error = np.square(values - rebuilt).sum(0) / count
    return np.where(variance > 0, 1 - error / np.where(variance > 0, variance, 1), np.nan)


def _scatter(name: str, original: Array, reconstruction: Array, explained: float) -> Panel:
    figure, axes = chart(3.2, 2.9)
    observed = np.isfinite(original)
    original, reconstruction = original[observed], reconstruction[observed]
    ends = [float(original.min(initial=np.inf)), float(original.max(initial=-np.inf))]
    axes.plot(ends, ends, color=MUTED, linewidth=1.2, linestyle="--")
    axes.scatter(original, reconstruction, s=9, color=FIRST, alpha=0.5, linewidths=0)
    axes.set_xlabel("original")
    axes.set_ylabel("reconstruction")
    if not len(original):
        quality = "no value observed"
    elif not np.isfinite(explained):
        quality = "a constant column"
    else:
        quality = f"{explained:.0%} of the variance explained" if explained > 0 else "no better than the mean"
    if len(original) < len(observed):
        quality += f", {len(original)} of {len(observed)} values observed"
    return Panel(svg(figure, f"{name}: reconstruction against original"), f"{name}: {quality}.")
