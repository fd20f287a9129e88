"""Parquet files of numbers, read as streams by Arrow."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.arrow_columns import (
    arrow_errors,
    as_float32,
    check_numeric,
    example_columns,
    find_label,
    label_column,
)
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.read_errors import reading, reading_chunks
from tfvae.data.sources.row_layout import RowLayout

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

_PARQUET = "a Parquet table of numbers"
_BUFFER_BYTES = 2**16
_VECTOR_NAME = "x"


@final
class ParquetFile(Source):
    """A `.parquet` file of numbers; `label`, `labels`, `y` or `class` is the label.

    A column `x`, or the only one besides the label, may hold lists of numbers, all of one length. Otherwise
    the columns besides the label are `x`, in the file's order. A null is NaN, a null label -1.

    Args:
        path: the file.

    Example:
        >>> import tempfile, pathlib, pyarrow, pyarrow.parquet
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.parquet")
        >>> pyarrow.parquet.write_table(pyarrow.table({"a": [1, 2], "b": [0.5, 1.5], "y": [0, 1]}), path)
        >>> source = ParquetFile(path)
        >>> source.shape, source.size, source.label_dtype
        ((2,), 2, dtype('int64'))
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(str(path))
        self.path = path

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns' names besides the label; None for one column of lists."""
        _ = self.layout  # reads them
        names = tuple(name for name in self._columns if name != self._label)
        return names if self._vector is None else None

    def _read_layout(self) -> RowLayout:
        with reading(self.path, _PARQUET, arrow_errors()), open_parquet(self.path) as file:
            schema, size = file.schema_arrow, file.metadata.num_rows
            if size == 0:
                raise UnreadableFile(self.path, "at least one row", "it holds none")
            self._label = find_label(schema.names)
            examples = [name for name in schema.names if name != self._label]
            self._vector = _vector_column(schema, examples)
            examples = _used_columns(examples)
            self._columns = [*examples, *([self._label] if self._label else [])]
            for name in self._columns:
                kind = schema.field(name).type
                check_numeric(kind.value_type if name == self._vector else kind, name, self.path)
            width = len(examples) if self._vector is None else _vector_length(file, self._vector)
            label = None if self._label is None else _label_dtype(schema.field(self._label).type)
        return RowLayout((width,), np.dtype(np.float32), size, label)

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        _ = self.layout  # sets the columns
        first = 0
        for batch in reading_chunks(self._batches(rows), self.path, _PARQUET, arrow_errors()):
            x = example_columns(batch, self._label) if self._vector is None else self._vectors(batch, first)
            yield x, label_column(batch, self._label)
            first += len(batch)

    def _batches(self, rows: int) -> Iterator[pyarrow.RecordBatch]:
        with open_parquet(self.path) as file:
            yield from file.iter_batches(rows, columns=self._columns)

    def _vectors(self, batch: pyarrow.RecordBatch, first: int) -> np.ndarray:
        import pyarrow.compute as pc

        column, width = batch.column(self._vector), self.layout.row_shape[0]
        lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
        different = np.flatnonzero(lengths != width)
        if len(different):
            length = lengths[different[0]]
            reason = f"row {first + different[0]} holds {'null' if length < 0 else f'{length} numbers'}"
            raise UnreadableFile(self.path, f"{width} numbers in each row of column {self._vector!r}", reason)
        return as_float32(column.flatten()).reshape(len(column), width)


def open_parquet(path: pathlib.Path) -> pyarrow.parquet.ParquetFile:
    """Return an open Parquet file that is read in bounded memory, with its checksums verified.

    Args:
        path: the file.
    """
    from pyarrow import parquet

    # Arrow's default, to buffer ahead, keeps all that was read until the file is closed.
    return parquet.ParquetFile(
        path, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
    )


def _used_columns(examples: list[str]) -> list[str]:
    return [_VECTOR_NAME] if _VECTOR_NAME in examples else examples


def _vector_column(schema: pyarrow.Schema, examples: list[str]) -> str | None:
    """Return the name of the column whose lists are the examples, or None."""
    columns = _used_columns(examples)
    return columns[0] if len(columns) == 1 and _is_list(schema.field(columns[0]).type) else None


def _vector_length(file: pyarrow.parquet.ParquetFile, column: str) -> int:
    first = next(file.iter_batches(1, columns=[column])).column(0)
    return len(first[0]) if first[0].is_valid else 0


def _is_list(kind: pyarrow.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _label_dtype(kind: pyarrow.DataType) -> np.dtype:
    import pyarrow as pa

    return np.dtype(np.float32 if pa.types.is_floating(kind) else np.int64)
