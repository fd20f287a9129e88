"""What users hand over as NumPy arrays: with NaN where values are masked or NA; without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfvae.core.errors import InvalidInput


def as_numpy(argument: str, value: Any) -> np.ndarray:
    """Return an array, with NaN where a value is masked or NA; integers and Booleans with such are float64.

    Taken are arrays, lists, eager tensors, NumPy's masked arrays and lists of them, and data frames and
    series of pandas or polars. What the array holds is not checked.

    Args:
        argument: what errors call the value.
        value: what a user handed over.

    Raises:
        InvalidInput: for sparse matrices, lists of different lengths, and masks of values that are not
            numbers.

    Example:
        >>> as_numpy("x", np.ma.masked_array([1, 2], mask=[False, True]))
        array([ 1., nan])
    """
    if hasattr(value, "toarray") and not isinstance(value, np.ndarray):
        raise InvalidInput(argument, "a dense array (.toarray() makes one)", f"a {type(value).__name__}")
    if isinstance(value, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in value):
        value = np.ma.array(value)  # np.asarray would drop the masks
    if isinstance(value, np.ma.MaskedArray):
        return _unmasked(argument, value)
    frame: Any = value
    try:
        array = np.asarray(value)
        if array.dtype == object and hasattr(frame, "to_numpy"):  # a frame or series with NA
            array = frame.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InvalidInput(argument, "an array of numbers", error) from None
    return array


def _unmasked(argument: str, value: np.ma.MaskedArray) -> np.ndarray:
    if not np.ma.is_masked(value):
        return value.data
    if value.dtype.kind not in "buif":
        raise InvalidInput(argument, "an array of numbers", f"masked values of type {value.dtype}")
    dtype = value.dtype if value.dtype.kind == "f" else np.float64
    return np.ma.filled(value.astype(dtype), np.nan)
