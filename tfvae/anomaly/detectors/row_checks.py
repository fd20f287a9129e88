"""Checks of the rows that `VAEDetector` is given, beyond those of scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array
from tfvae.core.types import ArrayLike


def check_values(rows: np.ndarray) -> None:
    """Raise for rows with nothing observed, and for numbers beyond float32.

    Args:
        rows: float32 [N, *event], NaN where missing.

    Raises:
        InvalidInput: names the first such row.

    Example:
        >>> check_values(np.array([[1.0, np.nan], [np.nan, np.nan]], "float32"))
        Traceback (most recent call last):
        tfvae.InvalidInput: X: expected at least one value observed in each row, received NaN alone in row 1
    """
    flat = rows.reshape(len(rows), -1)
    infinite = np.isinf(flat).any(axis=1)
    if infinite.any():
        raise InvalidInput("X", "numbers within float32's range", f"larger ones in row {infinite.argmax()}")
    empty = np.isnan(flat).all(axis=1)
    if empty.any():
        raise InvalidInput(
            "X", "at least one value observed in each row", f"NaN alone in row {empty.argmax()}"
        )


def warn_of_constant_columns(rows: np.ndarray) -> None:
    """Warn of columns of a table with one value in all rows; names the first.

    Args:
        rows: [N, columns], NaN where missing; rows of other shapes are not checked.
    """
    if rows.ndim != 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that are all NaN
        constant = np.flatnonzero(np.nanmin(rows, axis=0) == np.nanmax(rows, axis=0))
    if len(constant):
        more = f", and {len(constant) - 1} more columns have" if len(constant) > 1 else ""
        value = rows[~np.isnan(rows[:, constant[0]]), constant[0]][0]
        warnings.warn(
            f"column {constant[0]}: one value in all rows, {value:g}{more}; how far another value is from it "
            "cannot be learned",
            stacklevel=3,
        )


def held_out_rows(mask: np.ndarray, count: int) -> np.ndarray:
    """Return a mask of held-out rows, checked.

    Args:
        mask: which rows are held out, bool [count].
        count: number of rows.

    Raises:
        InvalidInput: for another shape or type, and if all rows are held out, or none.

    Example:
        >>> held_out_rows(np.array([True, True]), 2)
        Traceback (most recent call last):
        tfvae.InvalidInput: held_out: expected some of the rows, but not all, received 2 of 2
    """
    if mask.dtype != bool or mask.shape != (count,):
        raise InvalidInput("held_out", f"bool [{count}]", f"{mask.dtype} of shape {mask.shape}")
    if not 0 < mask.sum() < count:
        raise InvalidInput("held_out", "some of the rows, but not all", f"{mask.sum()} of {count}")
    return mask


def normal_rows(rows: np.ndarray, y: ArrayLike) -> np.ndarray:
    """Return the rows that are labeled normal.

    Args:
        rows: [N, *event].
        y: labels as in scikit-learn, 1 for normal rows and -1 for anomalies, [N].

    Raises:
        InvalidInput: for other labels, and if no row is normal.

    Example:
        >>> normal_rows(np.array([[0.5], [9.0]]), [1, -1])
        array([[0.5]])
    """
    y = np.asarray(to_array("y", y))
    if y.shape != (len(rows),) or not np.isin(y, (-1, 1)).all():
        raise InvalidInput("y", f"1 or -1 for each of {len(rows)} rows", np.unique(y)[:5])
    if not (y == 1).any():
        raise InvalidInput("y", "at least one normal row, 1", "anomalies alone")
    return rows[y == 1]
