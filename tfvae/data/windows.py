"""A series as overlapping windows, and values of the windows' steps as values of the series' points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy

if TYPE_CHECKING:
    from tfvae.core.types import ArrayLike


def starts(size: int, length: int, stride: int = 1) -> np.ndarray:
    """Return the indices of the first points of windows that cover a series, `stride` points apart.

    The last window ends with the series, if necessary at a shorter distance.

    Args:
        size: number of points of the series.
        length: number of points of a window.
        stride: number of points between two starts, at most `length`, so that no point is left out.

    Raises:
        InvalidInput: for a series shorter than a window, and a stride that leaves points out.

    Example:
        >>> starts(10, length=4, stride=4)
        array([0, 4, 6])
    """
    if length < 1 or not 1 <= stride <= length:
        expected = "an integer from 1 to the length of a window"
        raise InvalidInput("stride", expected, f"{stride} for windows of {length}")
    if size < length:
        raise InvalidInput("series", f"at least {length} points, those of one window", size)
    first = np.arange(0, size - length + 1, stride)
    return first if first[-1] == size - length else np.append(first, size - length)


def windows(series: ArrayLike, length: int, stride: int = 1) -> np.ndarray:
    """Return the windows of a series, [N, length, ...], in the order of their starts.

    With stride 1 they are a view, which needs no memory of its own.

    Args:
        series: [T, ...], NaN, masked or NA where missing.
        length: number of points of a window.
        stride: number of points between two starts, at most `length`; the last window ends with the series.

    Raises:
        InvalidInput: for a series shorter than a window, and a stride that leaves points out.

    Example:
        >>> windows(np.arange(5), length=3, stride=2)
        array([[0, 1, 2],
               [2, 3, 4]])
    """
    series = as_numpy("series", series)
    first = starts(len(series), length, stride)
    view = np.moveaxis(np.lib.stride_tricks.sliding_window_view(series, length, axis=0), -1, 1)
    return view if stride == 1 else view[first]


def to_points(values: ArrayLike, size: int, stride: int = 1) -> np.ndarray:
    """Return for each point the mean of its values over all windows that contain it, float64 [size, ...].

    value_t = mean over windows n with start_n <= t < start_n + length of values[n, t - start_n]

    Args:
        values: of each step of the windows, [N, length, ...].
        size: number of points of the series.
        stride: the stride of the windows.

    Raises:
        InvalidInput: for another number of windows than the series has.

    Example:
        >>> to_points(np.array([[0.0, 1.0, 2.0], [4.0, 3.0, 4.0]]), size=5, stride=2)
        array([0., 1., 3., 3., 4.])
    """
    values = as_numpy("values", values)
    first = starts(size, values.shape[1], stride)
    if len(values) != len(first):
        raise InvalidInput("values", f"{len(first)} windows of a series of {size} points", len(values))
    total = np.zeros((size, *values.shape[2:]), np.float64)
    count = np.zeros(size)
    for step in range(values.shape[1]):  # starts are unique, so a step adds to each point at most once
        total[first + step] += values[:, step]
        count[first + step] += 1
    return total / count.reshape(-1, *[1] * (total.ndim - 1))
