"""Tables in columns: CSV and Parquet, read as streams by Arrow."""

from __future__ import annotations

import gzip
import pathlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.base import RawChunk, Source
from tfvae.data.sources.layout import LABEL_NAMES, Layout
from tfvae.data.sources.reading import DAMAGE, counted, one_line, reading

if TYPE_CHECKING:
    import pyarrow

_CSV = "a CSV table of numbers with one header line"
_PARQUET = "a Parquet table of numbers"
_BUFFER_BYTES = 2**16
_VECTOR_NAME = "x"


@final
class CsvFile(Source):
    r"""A `.csv` file of numbers; `label`, `labels`, `y` or `class` is the label, the other columns are `x`.

    The first line names the columns, unless it holds only numbers. An empty cell is NaN, an empty label −1.

    Args:
        path: the file.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
        >>> _ = path.write_text("height,width,class\n1.5,2,0\n,3,1\n")
        >>> next(CsvFile(path).chunks())
        {'x': array([[1.5, 2. ],
               [nan, 3. ]], dtype=float32), 'label': array([0, 1])}
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(str(path))
        self.path = path

    def _layout(self) -> Layout:
        with reading(self.path, _CSV):
            self._named = not _all_numbers(_first_line(self.path))
            schema = self._reader({}).schema
        self._label = _label_of(schema.names)
        self._types = {field.name: _csv_type(field, field.name == self._label, self.path) for field in schema}
        columns = len(schema.names) - (self._label is not None)
        if not columns:
            raise UnreadableFile(self.path, _CSV, "it has no column besides the label")
        label = None if self._label is None else np.dtype(self._types[self._label].to_pandas_dtype())
        return Layout((columns,), np.dtype(np.float32), None, label)

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        _ = self.layout  # the columns' types
        for batch in counted(self._batches(), self.path, _CSV):
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                yield _columns(part, self._label), _label_values(part, self._label)

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from self._reader(self._types)
        except ValueError as error:
            raise UnreadableFile(self.path, _CSV, self._with_column_name(one_line(error))) from error

    def _reader(self, types: dict[str, pyarrow.DataType]) -> pyarrow.csv.CSVStreamingReader:
        from pyarrow import csv

        # One thread: it names the line of a bad cell, and is no slower on narrow tables.
        options = csv.ReadOptions(use_threads=False, autogenerate_column_names=not self._named)
        return csv.open_csv(self.path, options, convert_options=csv.ConvertOptions(column_types=types))

    def _with_column_name(self, reason: str) -> str:
        names = list(self._types)
        return re.sub(r"column #(\d+)", lambda found: f"column {names[int(found[1])]!r}", reason)


@final
class ParquetFile(Source):
    """A `.parquet` file of numbers; `label`, `labels`, `y` or `class` is the label.

    A column `x`, or the only one besides the label, may hold lists of numbers, all of one length. Otherwise
    the columns besides the label are `x`, in the file's order. A null is NaN, a null label −1.

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

    def _layout(self) -> Layout:
        import pyarrow as pa

        with reading(self.path, _PARQUET, _damage()), self._opened() as file:
            schema, size = file.schema_arrow, file.metadata.num_rows
            if size == 0:
                raise UnreadableFile(self.path, "at least one row", "it holds none")
            self._label = _label_of(schema.names)
            examples = [name for name in schema.names if name != self._label]
            vector = _VECTOR_NAME if _VECTOR_NAME in examples else examples[0] if len(examples) == 1 else None
            self._vector = vector if vector and _is_list(schema.field(vector).type) else None
            if vector:
                examples = [vector]
            self._columns = [*examples, *([self._label] if self._label else [])]
            for name in self._columns:
                kind = schema.field(name).type
                _check_number(kind.value_type if name == self._vector else kind, name, self.path)
            width = len(examples)
            if self._vector:
                first = next(file.iter_batches(1, columns=[self._vector])).column(0)
                width = len(first[0]) if first[0].is_valid else 0
            label = None
            if self._label:
                kind = schema.field(self._label).type
                label = np.dtype(np.float32 if pa.types.is_floating(kind) else np.int64)
        return Layout((width,), np.dtype(np.float32), size, label)

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        _ = self.layout  # which columns
        first = 0
        for batch in counted(self._batches(rows), self.path, _PARQUET, _damage()):
            x = _columns(batch, self._label) if self._vector is None else self._vectors(batch, first)
            yield x, _label_values(batch, self._label)
            first += len(batch)

    def _batches(self, rows: int) -> Iterator[pyarrow.RecordBatch]:
        with self._opened() as file:
            yield from file.iter_batches(rows, columns=self._columns)

    def _opened(self) -> pyarrow.parquet.ParquetFile:
        from pyarrow import parquet

        # Buffering ahead, Arrow's default, keeps all that was read until the file is closed.
        return parquet.ParquetFile(
            self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        )

    def _vectors(self, batch: pyarrow.RecordBatch, first: int) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute

        column, width = batch.column(self._vector), self.layout.row_shape[0]
        lengths = pa.compute.fill_null(pa.compute.list_value_length(column), -1).to_numpy(
            zero_copy_only=False
        )
        odd = np.flatnonzero(lengths != width)
        if len(odd):
            found = "null" if lengths[odd[0]] < 0 else f"{lengths[odd[0]]} numbers"
            reason = f"row {first + odd[0]} holds {found}"
            raise UnreadableFile(self.path, f"{width} numbers in each row of column {self._vector!r}", reason)
        return _floats(column.flatten()).reshape(len(column), width)


def _damage() -> tuple[type[BaseException], ...]:
    import pyarrow as pa

    return (*DAMAGE, pa.ArrowException)


def _label_of(names: list[str]) -> str | None:
    return next((name for name in LABEL_NAMES if name in names), None)


def _csv_type(field: pyarrow.Field, is_label: bool, path: pathlib.Path) -> pyarrow.DataType:
    """The type to read a column as, given what Arrow sees in the first block."""
    import pyarrow as pa

    kind = field.type
    if pa.types.is_boolean(kind):
        return kind
    if pa.types.is_null(kind):  # nothing in the first block
        return pa.int64() if is_label else pa.float32()
    _check_number(kind, field.name, path)
    return kind if is_label and pa.types.is_integer(kind) else pa.float32()


def _check_number(kind: pyarrow.DataType, column: str, path: pathlib.Path) -> None:
    import pyarrow as pa

    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise UnreadableFile(path, "numeric columns", f"column {column!r} holds {kind} values")


def _is_list(kind: pyarrow.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _columns(batch: pyarrow.RecordBatch, label: str | None) -> np.ndarray:
    fields = zip(batch.schema.names, batch.columns, strict=True)
    return np.stack([_floats(values) for name, values in fields if name != label], axis=1)


def _floats(values: pyarrow.Array) -> np.ndarray:
    """float32 with NaN for null."""
    import pyarrow as pa

    return values.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)


def _label_values(batch: pyarrow.RecordBatch, label: str | None) -> np.ndarray | None:
    import pyarrow as pa

    if label is None:
        return None
    values = batch.column(label)
    if pa.types.is_floating(values.type):
        return _floats(values)
    return values.cast(pa.int64()).fill_null(-1).to_numpy()


def _first_line(path: pathlib.Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        return stream.readline(2**20)


def _all_numbers(line: str) -> bool:
    try:
        return bool([float(cell) for cell in line.strip().strip(",").replace('"', "").split(",")])
    except ValueError:
        return False
