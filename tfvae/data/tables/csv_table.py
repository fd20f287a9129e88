"""Tables in CSV files, with the lines that cannot be read."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tfvae.data.sources.arrow_columns import arrow_errors
from tfvae.data.sources.read_errors import reading, reading_chunks
from tfvae.data.tables.rows import Reject, Rows, TableFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv

_CSV = "a CSV table with one header line"
_BLOCK_BYTES = 2**20
_QUOTED_TEXT = 200  # characters of a rejected line that are kept


@final
class CsvTable(TableFile):
    """A CSV file, whose cells are bytes.

    The first line names the columns; if it holds only numbers, the names are f0, f1, ...

    Args:
        path: the file, plain or gzipped.

    Raises:
        UnreadableFile: for a file that does not exist or is no table, and for two columns of one name.
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        with reading(path, _CSV, arrow_errors()):
            first = self._reader(self._stream(), [], has_header=True).schema.names
            self._has_header = not all(map(_is_number, first))
            self.names = self._reader(self._stream(), [], self._has_header).schema.names
        self._check_names(_CSV)

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; those with another number of fields are rejected."""
        yield from reading_chunks(self._rows(), self.path, _CSV, arrow_errors(), lambda part: len(part.rows))

    def _rows(self) -> Iterator[Rows]:
        invalid: list = []
        stream = _QuoteCounter(self._stream())
        numbering, last = _RowNumbering(2 if self._has_header else 1), None
        for batch in self._reader(stream, invalid, self._has_header):
            if last is not None:
                yield last
            last = numbering.rows(batch, invalid, stream.quotes > 0)
        if last is not None:
            yield _without_open_quote(last) if stream.quotes % 2 else last
        if invalid:
            nothing = np.empty(0, np.int64)
            yield Rows(_empty_batch(self.names), nothing, nothing, numbering.rejects(invalid))

    def _stream(self) -> pa.NativeFile:
        import pyarrow as pa

        return pa.input_stream(str(self.path), compression="detect")

    def _reader(self, stream: Any, invalid: list, has_header: bool) -> pyarrow.csv.CSVStreamingReader:
        """Return a reader of all columns as bytes, which appends the rows that it skips to `invalid`."""
        import pyarrow as pa
        from pyarrow import csv

        def skip(row: Any) -> str:
            invalid.append(row)
            return "skip"

        # One thread: only then do skipped rows have numbers.
        read = csv.ReadOptions(
            use_threads=False, block_size=_BLOCK_BYTES, autogenerate_column_names=not has_header
        )
        parse = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip)
        types = dict.fromkeys(self.names, pa.binary())
        convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        return csv.open_csv(stream, read, parse, convert)


class _QuoteCounter:
    """A stream that counts the quotes in what was read of it."""

    def __init__(self, stream: pa.NativeFile):
        self._stream, self.quotes, self.closed = stream, 0, False

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.quotes += data.count(b'"')
        return data

    def close(self) -> None:
        self._stream.close()
        self.closed = True

    def readable(self) -> bool:
        return True


class _RowNumbering:
    """Numbers the rows of a CSV file's batches, given the rows that Arrow's parser skipped."""

    def __init__(self, first_line: int):
        self._first_line, self._next, self._extra_lines = first_line, first_line, 0

    def rows(self, batch: pa.RecordBatch, invalid: list, quoted: bool) -> Rows:
        """Return a batch with its indices and lines; skipped rows before its last one leave `invalid`."""
        skipped = np.array([row.number for row in invalid], np.int64)
        numbers = np.arange(self._next, self._next + len(batch) + len(skipped))
        numbers = np.setdiff1d(numbers, skipped, assume_unique=True)[: len(batch)]
        before = invalid[: np.searchsorted(skipped, numbers[-1])]
        del invalid[: len(before)]
        lines = numbers + self._extra_lines
        if quoted:  # then a value may have several lines
            further = _count_newlines(batch)
            lines = lines + np.cumsum(further) - further
            self._extra_lines += int(further.sum())
        self._next = int(numbers[-1]) + 1
        return Rows(batch, numbers - self._first_line, lines, self.rejects(before))

    def rejects(self, invalid: list) -> tuple[Reject, ...]:
        """Return rows that Arrow skipped as rejects."""
        return tuple(
            Reject(
                row.number - self._first_line,
                row.number + self._extra_lines,
                f"expected {row.expected_columns} fields, found {row.actual_columns}",
                row.text[:_QUOTED_TEXT],
            )
            for row in invalid
        )


def _count_newlines(batch: pa.RecordBatch) -> np.ndarray:
    import pyarrow.compute as pc

    counts = [pc.count_substring(column, b"\n").to_numpy(zero_copy_only=False) for column in batch.columns]
    return np.sum(counts, axis=0)


def _without_open_quote(part: Rows) -> Rows:
    """Reject the last row if a quote in it is never closed, so that it holds all lines to the end."""
    lines = int(_count_newlines(part.batch.slice(len(part.rows) - 1))[0])
    if not lines:  # an odd quote inside a value, which quotes nothing
        return part
    reason = f"a quote that is never closed takes in the {lines} lines to the end of the file"
    reject = Reject(int(part.rows[-1]), int(part.lines[-1]), reason)
    return Rows(
        part.batch.slice(0, len(part.rows) - 1), part.rows[:-1], part.lines[:-1], (*part.rejects, reject)
    )


def _empty_batch(names: list[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.record_batch({name: pa.array([], pa.binary()) for name in names})


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
