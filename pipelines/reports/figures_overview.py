"""A model at a glance, as one picture: examples, reconstructions, samples and the latent map."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfvae.core.files import replacing
from tfvae.pipelines.reports.figures import tiles
from tfvae.pipelines.reports.figures_latent import draw, projected

if TYPE_CHECKING:
    from tfvae.pipelines.reports.contents import ReportContents

_COLUMNS = 12
_INK, _MUTED = "#1d2126", "#59616b"
_DPI = 100


def overview(contents: ReportContents, output: str | os.PathLike) -> None:
    """Write a PNG, 1200 pixels wide, about a model of images.

    Args:
        contents: with at least twelve originals, their reconstructions, 60 samples and a latent map.
        output: the file.
    """
    figure = Figure(figsize=(12, 4.85), dpi=_DPI, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=(1.5, 1))
    top, bottom = left.subplots(2, 1, height_ratios=(2, 5))
    pairs = np.concatenate([contents.originals[:_COLUMNS], contents.reconstructions[:_COLUMNS]])
    _show(top, pairs, "Held-out examples, and their reconstructions below")
    _show(bottom, contents.samples[: 5 * _COLUMNS], "Samples: z from the prior, decoded")
    axes = right.subplots()
    points, names, _ = projected(contents.latent)
    draw(right, axes, points, contents.labels, names)
    _title(axes, "Latent map: the first two principal components")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color("#dfe2e6")
    axes.tick_params(colors=_MUTED, length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_MUTED)
    for text in axes.get_legend().get_texts() if axes.get_legend() else ():
        text.set_color(_INK)
    with replacing(output) as temporary:
        canvas.print_png(temporary)


def _show(axes: Axes, images: np.ndarray, title: str) -> None:
    axes.imshow(np.asarray(tiles(images, _COLUMNS)), interpolation="nearest")
    axes.set_axis_off()
    _title(axes, title)


def _title(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=_INK, fontsize=11)
