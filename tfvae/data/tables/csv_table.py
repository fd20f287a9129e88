"""Tables in CSV files, with the lines that cannot be read."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.data.sources.arrow_columns import arrow_errors
from tfvae.data.sources.read_errors import reading, reading_chunks
from tfvae.data.tables.csv_records import Records, beginning, read_records
from tfvae.data.tables.rows import Reject, Rows, TableFile

if TYPE_CHECKING:
    import pyarrow as pa

_CSV = "a CSV table with one header line"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@final
class CsvTable(TableFile):
    """A CSV file, whose cells are bytes.

    The first line names the columns; if it holds only numbers, the names are f0, f1, ...

    Args:
        path: the file, plain or gzipped.

    Attributes:
        header: the first line as it is in the file, or one with the names if it has none.
        mark: the UTF-8 byte order mark with which the file begins, or nothing; not part of `header`.

    Raises:
        UnreadableFile: for a file that does not exist or is no table, and for two columns of one name.
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        with reading(path, _CSV, arrow_errors()):
            self.mark = self._mark()
            first = next(self._records(), None)
            if first is None:
                raise ValueError("Empty CSV file")
            if 0 in first.faults:
                raise ValueError(f"the header cannot be read: {first.faults[0].reason}")
            self.header = first.record(0)
            width = int(first.fields[0])
            cells = _cells(self.header + b"\n", width)
            self.names = [column[0].as_py().decode() for column in cells]
            self._has_header = not all(map(_is_number, self.names))
            if not self._has_header:
                self.names = [f"f{index}" for index in range(width)]
                self.header = ",".join(self.names).encode()
        self._check_names(_CSV)

    @property
    def schema(self) -> pa.Schema:
        """The columns, all of them texts."""
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in self.names])

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; those with another number of fields, and those of more than 1 MiB, are rejected."""
        yield from reading_chunks(self._rows(), self.path, _CSV, arrow_errors(), lambda part: len(part.rows))

    def _rows(self) -> Iterator[Rows]:
        first = 0
        for number, records in enumerate(self._records()):
            if self._has_header and not number:
                records = records.without_first()
            yield self._part(records, first)
            first += len(records)

    def _part(self, records: Records, first: int) -> Rows:
        import pyarrow as pa

        width = len(self.names)
        readable = records.fields == width
        readable[list(records.faults)] = False
        rejects = []
        for index in np.flatnonzero(~readable).tolist():
            reason, text = f"expected {width} fields, found {records.fields[index]}", ""
            if index in records.faults:
                reason, text = records.faults[index].reason, records.faults[index].text
            else:
                text = beginning(records.record(index))
            rejects.append(Reject(first + index, int(records.lines[index]), reason, text))
        indices = np.flatnonzero(readable)
        kept = [records.record(index) for index in indices.tolist()]
        batch = pa.record_batch(_cells(b"\n".join([*kept, b""]), width), names=self.names)
        if len(batch) != len(kept):
            raise ValueError(f"{len(kept)} records are read as {len(batch)} rows")
        lines, texts = records.lines[indices], pa.array(kept, pa.binary())
        return Rows(batch, first + indices, lines, tuple(rejects), texts)

    def _records(self) -> Iterator[Records]:
        import pyarrow as pa

        with pa.input_stream(str(self.path), compression="detect") as stream:
            stream.read(len(self.mark))
            yield from read_records(stream)

    def _mark(self) -> bytes:
        import pyarrow as pa

        with pa.input_stream(str(self.path), compression="detect") as stream:
            first = stream.read(len(_BYTE_ORDER_MARK))
        return first if first == _BYTE_ORDER_MARK else b""


def _cells(records: bytes, width: int) -> list[pa.Array]:
    """Return the cells of records as bytes, by column."""
    import pyarrow as pa
    from pyarrow import csv

    names = [str(index) for index in range(width)]
    if not records:
        return [pa.array([], pa.binary()) for _ in names]
    read = csv.ReadOptions(use_threads=False, block_size=len(records) + 1, column_names=names)
    parse = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=False)
    table = csv.read_csv(pa.BufferReader(records), read, parse, convert)
    return [column.combine_chunks() for column in table.columns]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
