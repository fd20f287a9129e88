"""Checks of the series that `SeriesDetector` is given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array
from tfvae.core.types import ArrayLike

ONLY_ENTITY = "series"  # the name of the entity of a series that is given without a name


def series_by_entity(x: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    """Return series as float32 [T, channels] by the names of their entities.

    Args:
        x: one series [T] or [T, channels], or several by the names of their entities.

    Raises:
        InvalidInput: for no series, and for one that `one_series` rejects.

    Example:
        >>> series_by_entity({"pump": np.zeros(5)})["pump"].shape
        (5, 1)
    """
    if not isinstance(x, Mapping):
        return {ONLY_ENTITY: one_series(x)}
    if not x:
        raise InvalidInput("X", "at least one series", "none")
    return {str(name): one_series(values) for name, values in x.items()}


def one_series(x: ArrayLike) -> np.ndarray:
    """Return a series as float32 [T, channels].

    Args:
        x: [T] or [T, channels], NaN, masked or NA where missing.

    Raises:
        InvalidInput: for another shape, no points, infinite values, and what holds no numbers or is sparse.

    Example:
        >>> one_series([1.0, 2.0]).shape
        (2, 1)
    """
    with np.errstate(over="ignore"):
        values = np.asarray(to_array("X", x), np.float32)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        raise InvalidInput("X", "a series [T] or [T, channels]", values.shape)
    if np.isinf(values).any():
        raise InvalidInput("X", "finite numbers, or NaN for missing", "infinite ones")
    return values
