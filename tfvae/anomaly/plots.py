"""Pictures of what makes an example unusual: rows of a table, windows of a series, images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfvae.core.errors import InvalidInput

_MORE, _LESS = "#c23b22", "#5b7f95"  # what adds to the score, and what takes away from it
_MOST_BARS = 20


def picture(x: np.ndarray, attribution: np.ndarray, names: Sequence[str] | None = None) -> Figure:
    """Return a figure of one example and what each of its elements adds to its score.

    A row [features] is bars, the largest first; a window [steps, channels] is a line for each channel,
    colored where it adds most; an image [height, width, colors] is shown beside the sum over colors.

    Args:
        x: the example, as the detector was given it.
        attribution: its row of `VAEDetector.explain`, of the same shape.
        names: of the features or channels; None is their numbers.

    Raises:
        InvalidInput: for shapes that differ or that no picture is known for, and for another number of names.

    Example:
        >>> figure = picture(np.array([1.0, 7.0]), np.array([0.1, 9.3]), ["length", "width"])
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['width = 7', 'length = 1']
    """
    x, attribution = np.asarray(x), np.asarray(attribution)
    if x.shape != attribution.shape or x.ndim not in _DRAW:
        expected = f"the shape of x, {x.shape}, a row, window or image"
        raise InvalidInput("attribution", expected, attribution.shape)
    names = [str(number) for number in range(x.shape[-1])] if names is None else list(names)
    if len(names) != x.shape[-1]:
        raise InvalidInput("names", f"{x.shape[-1]}, one for each entry of the last axis", len(names))
    return _DRAW[x.ndim](x, attribution, names)


def _row(x: np.ndarray, attribution: np.ndarray, names: list[str]) -> Figure:
    order = np.argsort(-attribution, kind="stable")[:_MOST_BARS]
    figure = Figure(figsize=(6, 0.6 + 0.3 * len(order)), layout="constrained")
    axes = figure.subplots()
    labels = [f"{names[place]} = {x[place]:.4g}" for place in order]
    axes.barh(range(len(order)), attribution[order], color=[_color(attribution[place]) for place in order])
    axes.set_yticks(range(len(order)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("contribution to the score")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _window(x: np.ndarray, attribution: np.ndarray, names: list[str]) -> Figure:
    figure = Figure(figsize=(7, 0.5 + 0.9 * len(names)), layout="constrained")
    most = np.abs(attribution).max() or 1.0
    every = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for channel, axes in enumerate(every):
        axes.plot(x[:, channel], color="black", linewidth=1)
        axes.imshow(
            attribution[np.newaxis, :, channel],
            cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6, aspect="auto",
            extent=(-0.5, len(x) - 0.5, *axes.get_ylim()),
        )  # fmt: skip
        axes.set_ylabel(names[channel], rotation=0, ha="right", va="center")
        axes.set_yticks([])
    every[-1].set_xlabel("step")
    return figure


def _image(x: np.ndarray, attribution: np.ndarray, names: list[str]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    seen = np.clip(x, 0, 1)
    left.imshow(seen if x.shape[-1] == 3 else seen.mean(axis=-1), cmap="gray", vmin=0, vmax=1)
    total = attribution.sum(axis=-1)
    most = np.abs(total).max() or 1.0
    drawn = right.imshow(total, cmap="RdBu_r", vmin=-most, vmax=most)
    figure.colorbar(drawn, ax=right, label="contribution to the score")
    for axes in (left, right):
        _bare(axes)
    return figure


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])


def _color(amount: float) -> str:
    return _MORE if amount > 0 else _LESS


_DRAW = {1: _row, 2: _window, 3: _image}
