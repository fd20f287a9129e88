"""Writers of CSV files that put an apostrophe in front of each formula."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self, final

import pyarrow as pa

from tfvae.pipelines.scoring.formulas import (
    escaped_cell,
    escaped_column,
    escaped_record,
    escaped_records,
    escaped_table,
)
from tfvae.pipelines.scoring.record_writer import RecordWriter
from tfvae.pipelines.scoring.score_writer import TableWriter, table_writer
from tfvae.pipelines.scoring.scored_rows import RECORD, ScoredRows


@final
class EscapingWriter:
    """Writes tables to another writer, with their formulas escaped.

    Args:
        writer: the other writer, not yet entered.
        escaped: returns a table with its formulas escaped.
    """

    def __init__(self, writer: AbstractContextManager[TableWriter], escaped: Callable[[pa.Table], pa.Table]):
        self._opened, self._escaped = writer, escaped

    def write_table(self, table: pa.Table) -> None:
        """Write the rows of a table after those before."""
        self._writer.write_table(self._escaped(table))

    def __enter__(self) -> Self:
        self._writer = self._opened.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.__exit__(kind, error, traceback)


def escaping_record_writer(path: Path, header: bytes, added: list[str], mark: bytes = b"") -> EscapingWriter:
    """Open a `RecordWriter` that escapes formulas.

    Args:
        path: the CSV file.
        header: the first line of the file that was read.
        added: names of the added columns.
        mark: the byte order mark with which the file begins, or nothing.
    """
    return EscapingWriter(RecordWriter(path, escaped_record(header), added, mark), _escaped_records_table)


def escaping_table_writer(path: Path, schema: pa.Schema) -> EscapingWriter:
    """Open a CSV file of tables that escapes formulas.

    Args:
        path: a `.csv` file.
        schema: of the tables.
    """
    return EscapingWriter(table_writer(path, escaped_table(schema.empty_table()).schema), escaped_table)


def with_escaped_rejects(part: ScoredRows) -> ScoredRows:
    """Return scored rows whose rejects have an apostrophe in front of a text that is a formula.

    Args:
        part: the scored rows.
    """
    rejects = [
        dataclasses.replace(reject, text=escaped_cell(reject.text.encode()).decode())
        for reject in part.rejects
    ]
    return dataclasses.replace(part, rejects=tuple(rejects))


def _escaped_records_table(table: pa.Table) -> pa.Table:
    columns = [
        escaped_records(column) if name == RECORD else escaped_column(column)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=table.column_names)
