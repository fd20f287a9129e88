"""Columns of Arrow's record batches as float32 examples and labels."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.read_errors import READ_ERRORS, ErrorTypes
from tfvae.data.sources.row_layout import LABEL_NAMES

if TYPE_CHECKING:
    import pyarrow


def find_label(names: Iterable[str]) -> str | None:
    """Return the name of the label's column, or None.

    Args:
        names: of all columns.

    Example:
        >>> find_label(["height", "class"])
        'class'
    """
    names = list(names)
    return next((name for name in LABEL_NAMES if name in names), None)


def check_numeric(kind: pyarrow.DataType, column: str, path: pathlib.Path) -> None:
    """Raise for a column that does not hold numbers or Booleans.

    Args:
        kind: the column's type.
        column: its name, for the message.
        path: the file, for the message.

    Raises:
        UnreadableFile: names the column and its type.
    """
    import pyarrow as pa

    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise UnreadableFile(path, "numeric columns", f"column {column!r} holds {kind} values")


def example_columns(batch: pyarrow.RecordBatch, label: str | None) -> np.ndarray:
    """Return all columns besides the label, float32 [n, columns], NaN for null.

    Args:
        batch: n rows.
        label: name of the label's column, or None.
    """
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return np.stack([as_float32(values) for name, values in columns if name != label], axis=1)


def label_column(batch: pyarrow.RecordBatch, label: str | None) -> np.ndarray | None:
    """Return the labels, float32 [n] with NaN for null, or int64 [n] with -1 for null; None without labels.

    Args:
        batch: n rows.
        label: name of the label's column, or None.
    """
    import pyarrow as pa

    if label is None:
        return None
    values = batch.column(label)
    if pa.types.is_floating(values.type):
        return as_float32(values)
    return values.cast(pa.int64()).fill_null(-1).to_numpy()


def as_float32(values: pyarrow.Array) -> np.ndarray:
    """Return numbers as float32 [n], NaN for null.

    Args:
        values: numbers or Booleans, [n].

    Example:
        >>> import pyarrow as pa
        >>> as_float32(pa.array([1, None]))
        array([ 1., nan], dtype=float32)
    """
    import pyarrow as pa

    return values.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)


def arrow_errors() -> ErrorTypes:
    """Return the exceptions that Arrow raises for damaged files and those of another format.

    Example:
        >>> any(issubclass(error, OSError) for error in arrow_errors())
        True
    """
    import pyarrow as pa

    return (*READ_ERRORS, pa.ArrowException)
