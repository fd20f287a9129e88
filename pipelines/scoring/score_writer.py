"""From batches of rows to a file of scores: with a progress bar, and written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.csv import CSVWriter
from pyarrow.parquet import ParquetWriter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfvae.core.errors import UnreadableFile
from tfvae.core.files import replacing
from tfvae.pipelines.scoring.scored_rows import IS_ANOMALY, Batch, RowScorer, ScoredRows
from tfvae.pipelines.scoring.summary import Summary

_WRITERS = {".csv": CSVWriter, ".parquet": ParquetWriter}
_REJECT_COLUMNS = ("row", "line", "reason", "text")


@contextlib.contextmanager
def scored_batches(
    scorer: RowScorer[Batch], batches: Iterable[Batch], total: int | None, done: int = 0
) -> Iterator[Iterator[ScoredRows]]:
    """Yield an iterator over the scored batches; meanwhile a progress bar on stderr counts the rows.

    Args:
        scorer: adds the columns.
        batches: the rows, in order.
        total: number of all rows; None if unknown.
        done: number of rows that were scored before.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=total, completed=done)

        def scored() -> Iterator[ScoredRows]:
            for batch in batches:
                part = scorer.score(batch)
                yield part
                progress.advance(task, part.rows)

        yield scored()


def write_scores(
    parts: Iterable[ScoredRows], schema: pa.Schema, data: str, output: Path, total: int | None
) -> Summary:
    """Write scored rows to a file, and the rejected ones to `NAME.rejects.csv` beside it.

    The files appear when the last row is written. There is no file of rejects without any.

    Args:
        parts: the scored rows, in order.
        schema: of the tables in `parts`.
        data: what was scored.
        output: a `.csv` or `.parquet` file.
        total: number of all rows; None if unknown.

    Raises:
        UnreadableFile: `parts` hold another number of rows than `total`.
        UnwritableFile: the disk is full, for example.
    """
    scored, rejected, anomalies = 0, 0, 0
    reasons: Counter[str] = Counter()
    rejects = output.with_name(f"{output.stem}.rejects.csv")
    with replacing(output) as temporary, replacing(rejects) as temporary_rejects:
        with (
            _WRITERS[output.suffix](temporary, schema) as writer,
            temporary_rejects.open("w", newline="") as stream,
        ):
            lines = csv.writer(stream)
            lines.writerow(_REJECT_COLUMNS)
            for part in parts:
                writer.write_table(part.table)
                lines.writerows(dataclasses.astuple(reject) for reject in part.rejects)
                scored, rejected = scored + part.table.num_rows, rejected + len(part.rejects)
                reasons.update(reject.reason.split(", found")[0] for reject in part.rejects)
                if IS_ANOMALY in schema.names:
                    anomalies += int(np.count_nonzero(part.table.column(IS_ANOMALY).to_numpy()))
        if total not in (None, scored + rejected):
            raise UnreadableFile(data, f"{total} rows", f"{scored} are scored and {rejected} rejected")
    if not rejected:
        rejects.unlink()
    return Summary(
        data,
        scored + rejected,
        scored,
        rejected,
        anomalies if IS_ANOMALY in schema.names else None,
        dict(reasons),
        0,
        str(output),
        str(rejects) if rejected else None,
    )
