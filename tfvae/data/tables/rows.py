"""Rows of a table's file, rows that cannot be read, and the abstract file."""

from __future__ import annotations

import abc
import dataclasses
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclasses.dataclass(frozen=True)
class Reject:
    """A row that cannot be used.

    Attributes:
        row: its index among all rows of the file.
        line: its line in a CSV file, from 1; in a Parquet file its index plus 1.
        reason: why.
        text: at most the first 200 characters of the line in a CSV file; empty for a Parquet file, of whose
            cells nothing is kept.
    """

    row: int
    line: int
    reason: str
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Rows:
    """Consecutive rows of a file.

    Attributes:
        batch: the rows that could be read. In a CSV file all columns are bytes, as written in the file.
        rows: index of each among all rows of the file, int64 [n].
        lines: line of each, as in `Reject`, int64 [n].
        rejects: rows of the same stretch of the file that could not be read.
        records: each row's bytes as they are in a CSV file, without the line end; None in other files.
    """

    batch: pa.RecordBatch
    rows: np.ndarray
    lines: np.ndarray
    rejects: tuple[Reject, ...] = ()
    records: pa.Array | None = None

    def between(self, first: int, end: int) -> Rows:
        """Return the rows with an index from `first` to before `end`.

        Args:
            first: index in the file.
            end: index in the file.
        """
        low, high = np.searchsorted(self.rows, (first, end))
        rejects = tuple(reject for reject in self.rejects if first <= reject.row < end)
        records = None if self.records is None else self.records.slice(low, high - low)
        batch = self.batch.slice(low, high - low)
        return Rows(batch, self.rows[low:high], self.lines[low:high], rejects, records)

    def among(self, indices: np.ndarray | None) -> np.ndarray:
        """Return which of the rows that could be read have one of these indices in the file, bool [n].

        Args:
            indices: of rows in the file, increasing; None means all.
        """
        if indices is None or not len(self.rows):
            return np.ones(len(self.rows), bool)
        low, high = np.searchsorted(indices, (self.rows[0], self.rows[-1] + 1))
        return np.isin(self.rows, indices[low:high])

    def after(self, end: int) -> Rows | None:
        """Return the rows with an index of at least `end`; None if there are none.

        Args:
            end: index in the file.
        """
        last = max([*self.rows[-1:], *(reject.row for reject in self.rejects[-1:])], default=-1)
        return self.between(end, int(last) + 1) if last >= end else None


class TableFile(abc.ABC):
    """A file with a table; abstract.

    Each row of the file is in one of the batches of `rows`, or among their rejects.

    Args:
        path: the file.

    Attributes:
        path: the file.
        names: the columns' names, in the file's order.
        size: number of rows; None if only reading all of them would tell.
        typed: whether columns have types of their own, or are all bytes.
    """

    typed = False

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.names: list[str] = []
        self.size: int | None = None

    @property
    @abc.abstractmethod
    def schema(self) -> pa.Schema:
        """The columns' types; texts if the file has none."""

    @abc.abstractmethod
    def rows(self) -> Iterator[Rows]:
        """Yield all rows in bounded memory.

        Raises:
            UnreadableFile: for a damaged file; the message tells after how many rows.
        """

    def count(self) -> int:
        """Return the number of rows, with those that cannot be read.

        Raises:
            UnreadableFile: for a damaged file that has to be read for that.
        """
        if self.size is not None:
            return self.size
        return sum(len(part.rows) + len(part.rejects) for part in self.rows())

    def _check_names(self, expected: str) -> None:
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise UnreadableFile(self.path, expected, f"two columns have the name {twice[0]!r}")
