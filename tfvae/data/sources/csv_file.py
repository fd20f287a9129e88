"""CSV files of numbers, read as streams by Arrow."""

from __future__ import annotations

import gzip
import pathlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.arrow_columns import check_numeric, example_columns, find_label, label_column
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.read_errors import one_line, reading, reading_chunks
from tfvae.data.sources.row_layout import RowLayout

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.csv

_CSV = "a CSV table of numbers with one header line"


@final
class CsvFile(Source):
    r"""A `.csv` file of numbers; `label`, `labels`, `y` or `class` is the label, the other columns are `x`.

    The first line names the columns, unless it holds only numbers. An empty cell is NaN, an empty label -1.

    Args:
        path: the file, plain or gzipped.

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

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names in the header besides the label; None without a header."""
        _ = self.layout  # reads them
        return tuple(name for name in self._types if name != self._label) if self._has_header else None

    def _read_layout(self) -> RowLayout:
        with reading(self.path, _CSV):
            self._has_header = not _all_numbers(_first_line(self.path))
            schema = self._reader({}).schema
        self._label = find_label(schema.names)
        self._types = {
            field.name: _column_type(field, field.name == self._label, self.path) for field in schema
        }
        columns = len(schema.names) - (self._label is not None)
        if not columns:
            raise UnreadableFile(self.path, _CSV, "it has no column besides the label")
        label = None if self._label is None else np.dtype(self._types[self._label].to_pandas_dtype())
        return RowLayout((columns,), np.dtype(np.float32), None, label)

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        _ = self.layout  # sets the columns' types
        for batch in reading_chunks(self._batches(), self.path, _CSV):
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                yield example_columns(part, self._label), label_column(part, self._label)

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from self._reader(self._types)
        except ValueError as error:
            raise UnreadableFile(self.path, _CSV, self._with_column_name(one_line(error))) from error

    def _reader(self, types: dict[str, pyarrow.DataType]) -> pyarrow.csv.CSVStreamingReader:
        from pyarrow import csv

        # One thread: it reports the line of a bad cell, and is no slower on narrow tables.
        options = csv.ReadOptions(use_threads=False, autogenerate_column_names=not self._has_header)
        return csv.open_csv(self.path, options, convert_options=csv.ConvertOptions(column_types=types))

    def _with_column_name(self, reason: str) -> str:
        names = list(self._types)
        return re.sub(r"column #(\d+)", lambda found: f"column {names[int(found[1])]!r}", reason)


def _column_type(field: pyarrow.Field, is_label: bool, path: pathlib.Path) -> pyarrow.DataType:
    """Return the type to read a column as, given the type that Arrow infers from the first block."""
    import pyarrow as pa

    kind = field.type
    if pa.types.is_boolean(kind):
        return kind
    if pa.types.is_null(kind):  # empty in the first block
        return pa.int64() if is_label else pa.float32()
    check_numeric(kind, field.name, path)
    return kind if is_label and pa.types.is_integer(kind) else pa.float32()


def _first_line(path: pathlib.Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        return stream.readline(2**20)


def _all_numbers(line: str) -> bool:
    try:
        return bool([float(cell) for cell in line.strip().strip(",").replace('"', "").split(",")])
    except ValueError:
        return False
