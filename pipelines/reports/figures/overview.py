"""A model of images in one picture: examples, reconstructions, samples and the latent map."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.pipelines.reports.figures.image_grid import tiles
from tfvae.pipelines.reports.figures.latent_map import draw_points, projected

if TYPE_CHECKING:
    from tfvae.core.types import Array
    from tfvae.pipelines.reports.run_report_contents import RunReportContents

_COLUMNS = 12
_INK, _MUTED = "#1d2126", "#59616b"
_DPI = 100


def overview(contents: RunReportContents, output: str | os.PathLike[str]) -> None:
    """Write a PNG, 1200 pixels wide.

    Args:
        contents: with at least twelve originals, their reconstructions, 60 samples and posterior locations.
        output: the file.

    Raises:
        InvalidInput: one of these is missing.
    """
    originals, reconstructions = contents.originals, contents.reconstructions
    if originals is None or reconstructions is None or contents.samples is None or contents.latent is None:
        raise InvalidInput("contents", "images, their reconstructions, samples and latent locations", "less")
    figure = Figure(figsize=(12, 4.85), dpi=_DPI, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=(1.5, 1), squeeze=False)[0]
    top, bottom = left.subplots(2, 1, height_ratios=(2, 5))
    pairs = np.concatenate([originals[:_COLUMNS], reconstructions[:_COLUMNS]])
    _show(top, pairs, "Held-out examples, with their reconstructions below")
    _show(bottom, contents.samples[: 5 * _COLUMNS], "Samples: z from the prior, decoded")
    axes = right.subplots()
    points, names, _ = projected(contents.latent)
    draw_points(right, axes, points, contents.labels, names)
    _title(axes, "Latent space: the first two principal components")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color("#dfe2e6")
    axes.tick_params(colors=_MUTED, length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_MUTED)
    if (legend := axes.get_legend()) is not None:
        for text in legend.get_texts():
            text.set_color(_INK)
    with replacing(output) as temporary:
        canvas.print_png(temporary)


def _show(axes: Axes, images: Array, title: str) -> None:
    axes.imshow(np.asarray(tiles(images, _COLUMNS)), interpolation="nearest")
    axes.set_axis_off()
    _title(axes, title)


def _title(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=_INK, fontsize=11)
