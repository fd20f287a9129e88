"""Cells of a column as numbers, texts or times, from any storage type, and which cells are something else."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_MICROSECONDS = 1_000_000


def numbers(column: pa.Array, missing: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers, float64 [n], NaN where missing, and which cells are something else, bool [n].

    Args:
        column: numbers, Booleans, or texts of numbers with a decimal point, [n].
        missing: texts that stand for a missing value.

    Example:
        >>> import pyarrow as pa
        >>> numbers(pa.array(["1.5", " 2", "NA", "1,5"]), ("NA",))
        (array([1.5, 2. , nan, nan]), array([False, False, False,  True]))
    """
    import pyarrow as pa

    kind = column.type
    if _is_number(kind) or pa.types.is_boolean(kind):
        values = column.cast(pa.int8()) if pa.types.is_boolean(kind) else column
        values = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(values, np.float64), np.zeros(len(column), bool)
    cells, bad = texts(column, missing)
    values, no_number = _parsed(cells, pa.float64(), _parse_number)
    return values, bad | no_number


def seconds(column: pa.Array, missing: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds since 1970-01-01, float64 [n], NaN where missing, and which are no times, bool [n].

    Args:
        column: dates or times, or texts of them as in ISO 8601, [n]; in UTC if they have no time zone.
        missing: texts that stand for a missing value.

    Example:
        >>> import pyarrow as pa
        >>> seconds(pa.array(["1970-01-02", "1970-01-01 00:01", "", "soon"]), ("",))
        (array([8.64e+04, 6.00e+01,      nan,      nan]), array([False, False, False,  True]))
    """
    import pyarrow as pa

    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return _seconds_of(column.cast(pa.timestamp("us"), safe=False)), np.zeros(len(column), bool)
    cells, bad = texts(column, missing)
    values, no_time = _parsed(cells, pa.timestamp("us"), _parse_time)
    return values, bad | no_time


def texts(column: pa.Array, missing: tuple[str, ...], trim: bool = True) -> tuple[pa.Array, np.ndarray]:
    """Return texts [n], null where missing, and which cells have no text or are not UTF-8, bool [n].

    Numbers are written in the shortest form that gives them back, Booleans as true and false.

    Args:
        column: cells of any type, [n].
        missing: texts that stand for a missing value.
        trim: whether to remove the spaces around a text.

    Example:
        >>> import pyarrow as pa
        >>> cells, bad = texts(pa.array([b" Ulm", b"NA", bytes([255])]), ("NA",))
        >>> cells.to_pylist(), bad.tolist()
        (['Ulm', None, None], [False, False, True])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    bad = np.zeros(len(column), bool)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_binary(column.type):
        column, bad = _decoded(column)
    elif not pa.types.is_string(column.type):
        try:
            column = column.cast(pa.string())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # such as lists
            return pa.nulls(len(column), pa.string()), column.is_valid().to_numpy(zero_copy_only=False)
    column = pc.utf8_trim_whitespace(column) if trim else column
    is_missing = pc.is_in(column, pa.array(missing, pa.string()))
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), column), bad


def has_single_values(kind: pa.DataType) -> bool:
    """Return whether a column of a type holds single numbers, texts, Booleans or times.

    Args:
        kind: the column's type.

    Example:
        >>> import pyarrow as pa
        >>> has_single_values(pa.int8()), has_single_values(pa.list_(pa.int8()))
        (True, False)
    """
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return has_single_values(kind.value_type)
    return (
        _is_number(kind)
        or _is_binary(kind)
        or pa.types.is_null(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _decoded(column: pa.Array) -> tuple[pa.Array, np.ndarray]:
    import pyarrow as pa

    try:
        return column.cast(pa.string()), np.zeros(len(column), bool)
    except pa.ArrowInvalid:
        decoded = [_decoded_cell(cell) for cell in column.to_pylist()]
        bad = np.array([text is None for text in decoded]) & column.is_valid().to_numpy(zero_copy_only=False)
        return pa.array(decoded, pa.string()), bad


def _parsed(
    cells: pa.Array, kind: pa.DataType, parse: Callable[[str], float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and which cells are none: all at once if Arrow can cast them, otherwise one by one."""
    import pyarrow as pa

    try:
        values = cells.cast(kind)
    except pa.ArrowInvalid:
        values = np.array(list(_parsed_one_by_one(cells.to_pylist(), parse)), np.float64).reshape(-1, 2)
        return values[:, 0], values[:, 1] > 0
    if pa.types.is_timestamp(kind):
        return _seconds_of(values), np.zeros(len(cells), bool)
    return values.to_numpy(zero_copy_only=False), np.zeros(len(cells), bool)


def _parsed_one_by_one(
    cells: list[str | None], parse: Callable[[str], float]
) -> Iterator[tuple[float, bool]]:
    for cell in cells:
        try:
            yield (math.nan if cell is None else parse(cell)), False
        except (ValueError, OverflowError):
            yield math.nan, True


def _parse_number(text: str) -> float:
    if "_" in text:  # which Python allows between digits
        raise ValueError(text)
    return float(text)


def _parse_time(text: str) -> float:
    time = datetime.datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()


def _seconds_of(times: pa.Array) -> np.ndarray:
    import pyarrow as pa

    microseconds = times.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray(microseconds, np.float64) / _MICROSECONDS


def _decoded_cell(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode()
    except UnicodeDecodeError:
        return None
