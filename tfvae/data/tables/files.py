"""Rows of a CSV or Parquet file as they are, with those that cannot be read told apart.

Nothing is lost: each row of a file is in one of the batches, or among their rejects.
"""

from __future__ import annotations

import abc
import dataclasses
import os
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.reading import DAMAGE, counted, reading

if TYPE_CHECKING:
    import pyarrow as pa

CSV = "a CSV table with one header line"
PARQUET = "a Parquet table"
_BLOCK_BYTES = 2**20
_BUFFER_BYTES = 2**16
_BATCH_ROWS = 8192
_QUOTED_TEXT = 200  # characters of a rejected line that are kept


@dataclasses.dataclass(frozen=True)
class Reject:
    """A row that cannot be used.

    Attributes:
        row: its number among all rows of the file, from 0.
        line: its line in a CSV file, from 1; in a Parquet file the row's number from 1.
        reason: why.
        text: what stands there, or the beginning of it.
    """

    row: int
    line: int
    reason: str
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Rows:
    """Some rows of a file, in its order.

    Attributes:
        batch: those that could be read. Of a CSV file all columns are bytes, as they stand there.
        rows: number of each among all rows of the file, from 0, int64 [n].
        lines: line of each, as in `Reject`, int64 [n].
        rejects: rows that come before the last of these, and were not read.
    """

    batch: pa.RecordBatch
    rows: np.ndarray
    lines: np.ndarray
    rejects: tuple[Reject, ...] = ()

    def between(self, first: int, end: int) -> Rows:
        """Return those from number `first` to before number `end`."""
        low, high = np.searchsorted(self.rows, (first, end))
        rejects = tuple(reject for reject in self.rejects if first <= reject.row < end)
        return Rows(self.batch.slice(low, high - low), self.rows[low:high], self.lines[low:high], rejects)

    def after(self, end: int) -> Rows | None:
        """Return those from number `end` on, or None where there are none."""
        last = max([*self.rows[-1:], *(reject.row for reject in self.rejects[-1:])], default=-1)
        return self.between(end, int(last) + 1) if last >= end else None


class TableFile(abc.ABC):
    """A table in a file; abstract.

    Attributes:
        path: the file.
        names: the columns' names, in the file's order.
        size: number of rows, or None where only a full reading would tell.
        typed: whether cells are numbers, texts and so on, or the bytes of each.
    """

    typed = False

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.names: list[str] = []
        self.size: int | None = None

    @abc.abstractmethod
    def rows(self) -> Iterator[Rows]:
        """Yield all rows in bounded memory.

        Raises:
            UnreadableFile: the file is damaged; the message says after how many rows.
        """

    def _check_names(self, expected: str) -> None:
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise UnreadableFile(self.path, expected, f"two columns have the name {twice[0]!r}")


def table_file(path: str | os.PathLike) -> TableFile:
    r"""Open a `.csv`, `.csv.gz` or `.parquet` file.

    Raises:
        InvalidInput: a file name with another ending.
        UnreadableFile: the file is not there, or is not what its name says.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "people.csv")
        >>> _ = path.write_text("name,age\nAnn,31\nBob\nCy,\n")
        >>> [part] = table_file(path).rows()
        >>> part.batch.to_pydict(), part.rows.tolist()
        ({'name': [b'Ann', b'Cy'], 'age': [b'31', b'']}, [0, 2])
        >>> part.rejects[0].line, part.rejects[0].reason
        (3, 'expected 2 fields, found 1')
    """
    path = pathlib.Path(path)
    if path.name.endswith((".csv", ".csv.gz")):
        return CsvRows(path)
    if path.suffix == ".parquet":
        return ParquetRows(path)
    raise InvalidInput("DATA", "a file name ending in .csv, .csv.gz or .parquet", path)


@final
class CsvRows(TableFile):
    """A CSV file. The first line names the columns; where it holds only numbers they are f0, f1, ..."""

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        with reading(path, CSV, _damage()):
            first = self._reader(self._stream(), [], named=True).schema.names
            self._named = not all(map(_is_number, first))
            self.names = self._reader(self._stream(), []).schema.names
        self._check_names(CSV)

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; those with another number of fields are rejected."""
        yield from counted(self._rows(), self.path, CSV, _damage(), lambda part: len(part.rows))

    def _rows(self) -> Iterator[Rows]:
        invalid: list = []
        stream = _Counting(self._stream())
        place, last = _Place(2 if self._named else 1), None
        for batch in self._reader(stream, invalid):
            if last is not None:
                yield last
            last = place.rows(batch, invalid, stream.quotes > 0)
        if last is not None:
            yield _without_open_end(last) if stream.quotes % 2 else last
        if invalid:
            yield Rows(_no_rows(self.names), _numbers([]), _numbers([]), place.rejects(invalid))

    def _stream(self) -> pa.NativeFile:
        import pyarrow as pa

        return pa.input_stream(str(self.path), compression="detect")

    def _reader(self, stream: object, invalid: list, named: bool | None = None) -> object:
        import pyarrow as pa
        from pyarrow import csv

        def keep(row: csv.InvalidRow) -> str:
            invalid.append(row)
            return "skip"

        named = self._named if named is None else named
        # One thread: only then do rows have numbers.
        read = csv.ReadOptions(
            use_threads=False, block_size=_BLOCK_BYTES, autogenerate_column_names=not named
        )
        parse = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep)
        types = dict.fromkeys(self.names, pa.binary())
        convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        return csv.open_csv(stream, read, parse, convert)


@final
class ParquetRows(TableFile):
    """A Parquet file, with the types it has."""

    typed = True

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        with reading(path, PARQUET, _damage()), self._opened() as file:
            self.names, self.size = file.schema_arrow.names, file.metadata.num_rows
        self._check_names(PARQUET)

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; none is rejected here."""
        first = 0
        for batch in counted(self._batches(), self.path, PARQUET, _damage()):
            numbers = np.arange(first, first + len(batch))
            yield Rows(batch, numbers, numbers + 1)
            first += len(batch)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with self._opened() as file:
            yield from file.iter_batches(_BATCH_ROWS)

    def _opened(self) -> pa.parquet.ParquetFile:
        from pyarrow import parquet

        # Buffering ahead, Arrow's default, keeps all that was read until the file is closed.
        return parquet.ParquetFile(
            self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        )


class _Counting:
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


class _Place:
    """Which rows of a CSV file a batch holds, given those that Arrow's parser left out."""

    def __init__(self, first: int):
        self._header, self._next, self._extra = first, first, 0

    def rows(self, batch: pa.RecordBatch, invalid: list, quoted: bool) -> Rows:
        """Give the next rows their numbers, and take the rejects before the last of them off the list."""
        left_out = np.array([row.number for row in invalid], np.int64)
        numbers = np.arange(self._next, self._next + len(batch) + len(left_out))
        numbers = np.setdiff1d(numbers, left_out, assume_unique=True)[: len(batch)]
        before = invalid[: np.searchsorted(left_out, numbers[-1])]
        del invalid[: len(before)]
        lines = numbers + self._extra
        if quoted:  # a value may run over several lines
            further = _newlines(batch)
            lines = lines + np.cumsum(further) - further
            self._extra += int(further.sum())
        self._next = int(numbers[-1]) + 1
        return Rows(batch, numbers - self._header, lines, self.rejects(before))

    def rejects(self, invalid: list) -> tuple[Reject, ...]:
        """Return what Arrow left out, in our terms."""
        return tuple(
            Reject(
                row.number - self._header,
                row.number + self._extra,
                f"expected {row.expected_columns} fields, found {row.actual_columns}",
                row.text[:_QUOTED_TEXT],
            )
            for row in invalid
        )


def _newlines(batch: pa.RecordBatch) -> np.ndarray:
    import pyarrow.compute as pc

    return sum(pc.count_substring(column, b"\n").to_numpy(zero_copy_only=False) for column in batch.columns)


def _without_open_end(part: Rows) -> Rows:
    """Reject the last row where a quote in it was never closed: all lines to the end are inside it."""
    lines = int(_newlines(part.batch.slice(len(part.rows) - 1))[0])
    if not lines:  # an odd quote in the middle of a value, which quotes nothing
        return part
    reason = f"a quote that is never closed takes in the {lines} lines to the end of the file"
    reject = Reject(int(part.rows[-1]), int(part.lines[-1]), reason)
    return Rows(
        part.batch.slice(0, len(part.rows) - 1), part.rows[:-1], part.lines[:-1], (*part.rejects, reject)
    )


def _no_rows(names: list[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.record_batch({name: pa.array([], pa.binary()) for name in names})


def _numbers(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _damage() -> tuple[type[BaseException], ...]:
    import pyarrow as pa

    return (*DAMAGE, pa.ArrowException)
