"""A series as overlapping windows, and back: values of the windows' steps as values of the series' points."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput


def starts(size: int, length: int, stride: int = 1) -> np.ndarray:
    """Return the first points of windows that together cover a series, each `stride` after the one before.

    The last window ends with the series, also where that takes a shorter stride.

    Args:
        size: points of the series.
        length: points of a window.
        stride: points between the starts of two windows, at most `length`, so that no point is left out.

    Raises:
        InvalidInput: a series shorter than a window, or a stride that leaves points out.

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


def windows(series: np.ndarray, length: int, stride: int = 1) -> np.ndarray:
    """Return the windows of a series [T, ...] as [N, length, ...], in the order of their starts.

    At stride 1 they are a view, which takes no memory of its own.

    Args as in `starts`, and
        series: points along axis 0.

    Example:
        >>> windows(np.arange(5), length=3, stride=2)
        array([[0, 1, 2],
               [2, 3, 4]])
    """
    series = np.asarray(series)
    first = starts(len(series), length, stride)
    view = np.moveaxis(np.lib.stride_tricks.sliding_window_view(series, length, axis=0), -1, 1)
    return view if stride == 1 else view[first]


def to_points(values: np.ndarray, size: int, stride: int = 1) -> np.ndarray:
    """Return the mean over all windows that hold a point, [size, ...], of values of the windows' steps.

    value_t = mean over windows n with start_n <= t < start_n + length of values[n, t - start_n]

    Args:
        values: of each step of the windows that `windows` makes, [N, length, ...].
        size: points of the series.
        stride: the one that the windows were made with.

    Raises:
        InvalidInput: values of another number of windows.

    Example:
        >>> to_points(np.array([[0.0, 1.0, 2.0], [4.0, 3.0, 4.0]]), size=5, stride=2)
        array([0., 1., 3., 3., 4.])
    """
    values = np.asarray(values)
    first = starts(size, values.shape[1], stride)
    if len(values) != len(first):
        raise InvalidInput("values", f"{len(first)} windows of a series of {size} points", len(values))
    total = np.zeros((size, *values.shape[2:]), np.float64)
    count = np.zeros(size)
    for step in range(values.shape[1]):  # the starts differ, so that each point comes at most once a step
        total[first + step] += values[:, step]
        count[first + step] += 1
    return total / count.reshape(-1, *[1] * (total.ndim - 1))
