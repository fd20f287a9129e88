"""Figures of what makes an example unusual: rows of a table, windows of a series, images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array

_RAISES, _LOWERS = "#c23b22", "#5b7f95"  # colors of positive and negative contributions
_MOST_BARS = 20


def plot_attribution(x: np.ndarray, attribution: np.ndarray, names: Sequence[str] | None = None) -> Figure:
    """Return a figure of one example and the contribution of each of its elements to its score.

    A row [features] is shown as bars, the largest contribution first. A window [steps, channels] is shown as
    a line for each channel, over a strip colored by the contributions. An image [height, width, channels] is
    shown beside the sum over its channels.

    Args:
        x: the example, as the detector was given it.
        attribution: its row of `explain`, of the same shape.
        names: of the features or channels; None means their indices.

    Raises:
        InvalidInput: for shapes that differ or have another rank, and for another number of names.

    Example:
        >>> figure = plot_attribution(np.array([1.0, 7.0]), np.array([0.1, 9.3]), ["length", "width"])
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['width = 7', 'length = 1']
    """
    x, attribution = np.asarray(to_array("x", x)), np.asarray(to_array("attribution", attribution))
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
    amounts = attribution[order]
    axes.barh(range(len(order)), amounts, color=[_RAISES if amount > 0 else _LOWERS for amount in amounts])
    axes.set_yticks(range(len(order)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("contribution to the score")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _window(x: np.ndarray, attribution: np.ndarray, names: list[str]) -> Figure:
    figure = Figure(figsize=(7, 0.5 + 0.9 * len(names)), layout="constrained")
    most = np.abs(attribution).max() or 1.0
    all_axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for channel, axes in enumerate(all_axes):
        axes.plot(x[:, channel], color="black", linewidth=1)
        axes.imshow(
            attribution[np.newaxis, :, channel],
            cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6, aspect="auto",
            extent=(-0.5, len(x) - 0.5, *axes.get_ylim()),
        )  # fmt: skip
        axes.set_ylabel(names[channel], rotation=0, ha="right", va="center")
        axes.set_yticks([])
    all_axes[-1].set_xlabel("step")
    return figure


def _image(x: np.ndarray, attribution: np.ndarray, names: list[str]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = np.clip(x, 0, 1)
    left.imshow(shown if x.shape[-1] == 3 else shown.mean(axis=-1), cmap="gray", vmin=0, vmax=1)
    total = attribution.sum(axis=-1)
    most = np.abs(total).max() or 1.0
    drawn = right.imshow(total, cmap="RdBu_r", vmin=-most, vmax=most)
    figure.colorbar(drawn, ax=right, label="contribution to the score")
    for axes in (left, right):
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


_DRAW = {1: _row, 2: _window, 3: _image}
