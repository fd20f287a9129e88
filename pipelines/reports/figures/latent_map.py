"""The latent space as a scatter chart: a mark for each example, by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure

from tfvae.pipelines.reports.figures.drawing import (
    CLASS_COLORS,
    FIRST,
    GRID,
    INK,
    MUTED,
    Panel,
    chart,
    legend,
    svg,
)

if TYPE_CHECKING:
    from tfvae.core.types import Array

_DOT, _GLYPH = 14, 30  # areas in points


def latent_map(latent: Array, labels: Array | None) -> Panel:
    """Return a scatter chart of posterior locations, in two dimensions.

    Args:
        latent: posterior locations [n, latent_dim].
        labels: a label for each example, or None.
    """
    points, names, projection = projected(latent)
    figure, axes = chart(5.2, 4.3)
    draw_points(figure, axes, points, labels, names)
    colored = "" if labels is None else " Marks and colors show the labels, which training did not use."
    few = labels is not None and not continuous(labels)
    description = f"{len(points)} examples as marks in the latent space" + (", by label" if few else "")
    return Panel(svg(figure, description), f"{projection}{colored}")


def projected(latent: Array) -> tuple[Array, tuple[str, str], str]:
    """Return two coordinates of each point, their names, and a sentence that explains them.

    Two latent dimensions are shown unchanged. More are projected onto the first two principal components, the
    orthogonal directions along which the locations vary most.

    Args:
        latent: posterior locations [n, latent_dim].

    Example:
        >>> points, names, sentence = projected(np.eye(4))
        >>> points.shape, names
        ((4, 2), ('first component', 'second component'))
    """
    if latent.shape[1] == 1:
        spread = np.linspace(0, 1, len(latent), endpoint=False)
        sentence = "The single latent dimension; the vertical positions only keep the dots apart."
        return np.column_stack([latent[:, 0], spread]), ("z[0]", ""), sentence
    if latent.shape[1] == 2:
        return latent, ("z[0]", "z[1]"), "Locations of q(z|x) in the two latent dimensions."
    centered = latent - latent.mean(0)
    _, singular, directions = np.linalg.svd(centered, full_matrices=False)
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(1)])
    variances = singular**2
    share = variances[:2].sum() / max(variances.sum(), np.finfo(float).tiny)
    sentence = (
        f"Locations of q(z|x) in {latent.shape[1]} latent dimensions, projected onto their first two "
        f"principal components, which explain {share:.0%} of the variance; groups that overlap here may be "
        "apart in the other dimensions."
    )
    points = centered @ (directions[:2] * signs[:2, np.newaxis]).T
    return points, ("first component", "second component"), sentence


def continuous(labels: Array) -> bool:
    """Return whether labels are shown as a color scale: real numbers, or more classes than colors.

    Args:
        labels: a label for each example.

    Example:
        >>> continuous(np.array([0, 1, 2])), continuous(np.linspace(0, 1, 5))
        (False, True)
    """
    return labels.dtype.kind == "f" or len(np.unique(labels)) > len(CLASS_COLORS)


def draw_points(
    figure: Figure | SubFigure, axes: Axes, points: Array, labels: Array | None, names: tuple[str, str]
) -> None:
    """Draw a dot for each example, with a legend for classes or a color bar for numbers.

    Classes 0 to 9 are drawn as digits.

    Args:
        figure: the figure of the axes.
        axes: the axes.
        points: coordinates [n, 2].
        labels: a label for each example, or None.
        names: of the two coordinates.
    """
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.grid(False)
    if not names[1]:
        axes.set_yticks([])
    axes.set_aspect("equal" if names[1] else "auto", adjustable="datalim")
    if labels is None:
        axes.scatter(*points.T, s=_DOT, color=FIRST, alpha=0.7, linewidths=0)
    elif continuous(labels):
        dots = axes.scatter(*points.T, s=_DOT, c=labels, cmap="viridis", linewidths=0)
        _color_bar(figure, axes, dots)
    else:
        digits = all(label in range(10) for label in labels)
        for label, color in zip(np.unique(labels), CLASS_COLORS, strict=False):
            chosen = points[labels == label]
            marker, area = (rf"$\mathbf{{{label}}}$", _GLYPH) if digits else ("o", _DOT)
            axes.scatter(*chosen.T, s=area, marker=marker, color=color, linewidths=0, label=str(label))
        if not digits:
            legend(axes, "center left", (1.0, 0.5))


def _color_bar(figure: Figure | SubFigure, axes: Axes, dots: ScalarMappable) -> None:
    bar = figure.colorbar(dots, ax=axes, fraction=0.04, pad=0.02)
    bar.outline.set_edgecolor(GRID)
    bar.ax.tick_params(colors=MUTED, labelsize=9, length=0)
    bar.set_label("label", color=INK, size=9.5)
