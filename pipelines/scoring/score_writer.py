"""From batches of rows to a file of scores: with a progress bar, and prepared in its folder."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from pyarrow.csv import CSVWriter
from pyarrow.parquet import ParquetWriter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.pipelines.scoring.scored_rows import IS_ANOMALY, Batch, RowScorer, ScoredRows
from tfvae.pipelines.scoring.summary import Summary
from tfvae.pipelines.scoring.work_folder import WorkFolder

_WRITERS = {".csv": CSVWriter, ".parquet": ParquetWriter}
_REJECT_COLUMNS = ("row", "line", "reason", "text")


class TableWriter(Protocol):
    """Writes tables to a file."""

    def write_table(self, table: pa.Table, /) -> None:
        """Write the rows of a table after those before."""
        ...


@contextlib.contextmanager
def scored_batches(
    scorer: RowScorer[Batch],
    batches: Iterable[Batch],
    total: int | None,
    done: int = 0,
    progress: bool = True,
) -> Iterator[Iterator[ScoredRows]]:
    """Yield an iterator over the scored batches; meanwhile a progress bar on stderr counts the rows.

    Args:
        scorer: adds the columns.
        batches: the rows, in order.
        total: number of all rows; None if unknown.
        done: number of rows that were scored before.
        progress: whether the bar is shown.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("rows", total=total, completed=done)

        def scored() -> Iterator[ScoredRows]:
            for batch in batches:
                part = scorer.score(batch)
                yield part
                bar.advance(task, part.rows)

        yield scored()


def write_scores(
    parts: Iterable[ScoredRows],
    open_writer: Callable[[Path], contextlib.AbstractContextManager[TableWriter]],
    data: str,
    work: WorkFolder,
    total: int | None,
) -> Summary:
    """Prepare the file of scored rows, and that of the rejected ones if there are any.

    Args:
        parts: the scored rows, in order.
        open_writer: opens the file of the scored rows.
        data: what was scored.
        work: where the files are prepared.
        total: number of all rows; None if unknown.

    Raises:
        UnreadableFile: `parts` hold another number of rows than `total`.
        UnwritableFile: the disk is full, for example.
    """
    scored, rejected, anomalies = 0, 0, None
    reasons: Counter[str] = Counter()
    with open_writer(work.output) as writer, work.rejects.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream)
        lines.writerow(_REJECT_COLUMNS)
        for part in parts:
            writer.write_table(part.table)
            lines.writerows(dataclasses.astuple(reject) for reject in part.rejects)
            scored, rejected = scored + part.table.num_rows, rejected + len(part.rejects)
            reasons.update(reject.reason.split(", found")[0] for reject in part.rejects)
            if IS_ANOMALY in part.table.column_names:
                found = int(np.count_nonzero(part.table.column(IS_ANOMALY).to_numpy()))
                anomalies = (anomalies or 0) + found
    if total not in (None, scored + rejected):
        raise UnreadableFile(data, f"{total} rows", f"{scored} are scored and {rejected} rejected")
    if not rejected:
        work.rejects.unlink()
    return Summary(
        data,
        scored + rejected,
        scored,
        rejected,
        anomalies,
        dict(reasons),
        0,
        str(work.files.output),
        str(work.files.rejects) if rejected else None,
    )


def table_writer(path: Path, schema: pa.Schema) -> contextlib.AbstractContextManager[TableWriter]:
    """Open a file of tables, whose kind is that of the suffix.

    Args:
        path: a `.csv` or `.parquet` file.
        schema: of the tables.
    """
    return _WRITERS[path.suffix](path, schema)


def check_writable(schema: pa.Schema, output: Path) -> None:
    """Raise for a table that cannot be written to a file of this kind.

    Args:
        schema: of the table.
        output: a `.csv` or `.parquet` file.

    Raises:
        InvalidInput: names the first column whose values a CSV file cannot hold.
    """
    for field in schema:
        row = pa.table([_row(field.type)], names=[field.name])
        try:
            with _WRITERS[output.suffix](io.BytesIO(), row.schema) as writer:
                writer.write_table(row)
        except (pa.ArrowException, ValueError) as error:
            reason = f"{output}, while column {field.name!r} holds {field.type} values"
            other = ".parquet" if output.suffix == ".csv" else ".csv"
            raise InvalidInput("--output", f"a {other} file", reason) from error


def _row(kind: pa.DataType) -> pa.Array:
    """Return a value of a type: for bytes one that is no text, otherwise a missing one."""
    value = kind.value_type if isinstance(kind, pa.DictionaryType) else kind
    if pa.types.is_binary(value) or pa.types.is_large_binary(value):
        return pa.array([b"\xff"], value).cast(kind)
    if isinstance(value, pa.FixedSizeBinaryType) and not pa.types.is_decimal(value):
        return pa.array([b"\xff" * value.byte_width], value).cast(kind)
    return pa.nulls(1, kind)
