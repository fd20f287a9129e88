"""Score every row of a table's file: in order, in bounded memory, and on from where a killed run stopped."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.data.tables.files import Reject, Rows, TableFile, table_file
from tfvae.data.tables.profile import Profile, counted
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.scoring.batch_scorer import REJECTED, BatchScorer
from tfvae.pipelines.scoring.parts import Parts, ScoredPart

WRITERS = {".csv": pyarrow.csv.CSVWriter, ".parquet": pyarrow.parquet.ParquetWriter}
ROW = "row"

_PART_ROWS = 32_768


@dataclasses.dataclass(frozen=True)
class Summary:
    """What became of a file's rows.

    Attributes:
        data: the file that was scored.
        rows: its rows.
        scored: those that have a score.
        rejected: those that could not be read.
        anomalies: scored rows above the threshold.
        reasons: how many rows were rejected, by the reason without the value.
        resumed: rows that an earlier run had done.
        output: the file of the scored rows.
        rejects: that of the others, or None where there are none.
    """

    data: str
    rows: int
    scored: int
    rejected: int
    anomalies: int
    reasons: dict[str, int]
    resumed: int
    output: str
    rejects: str | None


def score(
    scorer: BatchScorer,
    about: dict,
    identity: str,
    data: str | os.PathLike,
    output: Path,
    part_rows: int = _PART_ROWS,
) -> Summary:
    """Write every row of a file with its score, p-value, decision and the features that contribute most.

    All columns of the data are kept; `row` is a row's number in it, from 0. Beside the output appear
    `NAME.rejects.csv`, where there are rejects, and `NAME.summary.json`, what a report is made of. Until all
    is done there is a folder of parts, `NAME.SUFFIX.parts`, from which the same command goes on.

    Args:
        scorer: the detector.
        about: what it says of itself, as `detector_export.about` returns it.
        identity: a text that differs for every other detector; parts of another one are not continued.
        data: a CSV or Parquet file.
        output: a `.csv` or `.parquet` file; it appears when the last row is done.
        part_rows: rows of a part.

    Raises:
        InvalidInput: the table lacks a column, or has one with a name that is added.
        UnreadableFile: the file is damaged; what was done of it is kept.
    """
    file = table_file(data)
    _check(file, scorer)
    parts = Parts(output.with_name(output.name + ".parts"), _job(file, identity, scorer.top), part_rows)
    resumed = parts.rows
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=file.size, completed=resumed)
        for pieces in _cut(file.rows(), resumed, part_rows):
            parts.write(_scored(scorer, about, pieces, file.typed))
            progress.update(task, completed=parts.rows)
    if not parts.rows:
        parts.remove()
        raise UnreadableFile(file.path, "at least one row", "it holds none")
    summary = _joined(parts, file, about, output, resumed)
    parts.remove()
    return summary


def _check(file: TableFile, scorer: BatchScorer) -> None:
    added = [ROW, *scorer.added.names]
    taken = [name for name in file.names if name in added]
    if taken:
        raise InvalidInput(
            "DATA", f"no column with a name that is added ({', '.join(added)})", repr(taken[0])
        )
    scorer.table.check(file.names)


def _job(file: TableFile, identity: str, top: int) -> dict:
    stat = file.path.stat()
    return {
        "data": str(file.path.resolve()),
        "bytes": stat.st_size,
        "changed": stat.st_mtime_ns,
        "detector": identity,
        "top": top,
    }


def _cut(rows: Iterator[Rows], first: int, size: int) -> Iterator[list[Rows]]:
    """Yield rows from the one numbered `first` on, in lists of pieces with `size` rows together."""
    pieces, end = [], first + size
    for part in rows:
        while (rest := part.after(end)) is not None:
            pieces.append(part.between(end - size, end))
            yield pieces
            pieces, end, part = [], end + size, rest
        piece = part.between(end - size, end)
        if piece.rejects or len(piece.rows):
            pieces.append(piece)
    if pieces:
        yield pieces


def _scored(scorer: BatchScorer, about: dict, pieces: list[Rows], typed: bool) -> ScoredPart:
    schema = TableSchema.from_json(about["schema"])
    known = [Profile(**entry) for entry in about["training"]]
    tables, rejects, counts = [], [], Counter()
    for piece in pieces:
        rejects += piece.rejects
        batch, reasons = (piece.batch, {}) if typed else scorer.table.typed(piece.batch)
        readable = np.ones(len(batch), bool)
        readable[list(reasons)] = False
        kept = batch.filter(pa.array(readable))
        results, raw = scorer.scored(kept)
        places = np.flatnonzero(readable)
        for place, reason in enumerate(results.column(REJECTED).to_pylist()):
            if reason is not None:
                reasons[int(places[place])] = reason
        rejects += [
            Reject(int(piece.rows[place]), int(piece.lines[place]), reason)
            for place, reason in sorted(reasons.items())
        ]
        numbered = [pa.array(piece.rows[readable]), *results.columns[:-1]]
        done = pa.table(numbered, names=[ROW, *results.schema.names[:-1]])
        tables.append(done.filter(pa.compute.is_null(results.column(REJECTED))))
        for column, bins in counted(schema, known, raw).items():
            counts.update({(column, place): int(count) for place, count in enumerate(bins)})
    shares = {
        column.name: [counts[column.name, place] for place in range(len(profile.shares))]
        for column, profile in zip(schema.modeled, known, strict=True)
    }
    rejects.sort(key=lambda reject: reject.row)
    return ScoredPart(pa.concat_tables(tables), tuple(rejects), shares)


def _joined(parts: Parts, file: TableFile, about: dict, output: Path, resumed: int) -> Summary:
    """Put the parts together to the output and the files beside it, and see that no row is missing."""
    first = next(iter(parts)).table.schema
    scored = anomalies = rejected = 0
    reasons, counts = Counter(), {}
    rejects = output.with_name(f"{output.stem}.rejects.csv")
    with replacing(output) as temporary, replacing(rejects) as beside:
        with WRITERS[output.suffix](temporary, first) as writer, beside.open("w", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow(("row", "line", "reason", "text"))
            for part in parts:
                writer.write_table(part.table)
                lines.writerows(dataclasses.astuple(reject) for reject in part.rejects)
                scored, rejected = scored + part.table.num_rows, rejected + len(part.rejects)
                anomalies += pa.compute.sum(part.table.column("is_anomaly")).as_py() or 0
                reasons.update(reject.reason.split(", found")[0] for reject in part.rejects)
                for column, bins in part.counts.items():
                    before = counts.get(column, [0] * len(bins))
                    counts[column] = [one + more for one, more in zip(before, bins, strict=True)]
        rows = parts.rows if file.size is None else file.size
        if scored + rejected != rows:
            raise UnreadableFile(file.path, f"{rows} rows", f"{scored} are scored and {rejected} rejected")
    if not rejected:
        rejects.unlink()
    summary = Summary(
        str(file.path), rows, scored, rejected, anomalies, dict(reasons), resumed, str(output),
        str(rejects) if rejected else None,
    )  # fmt: skip
    with replacing(output.with_name(f"{output.stem}.summary.json")) as temporary:
        content = {**dataclasses.asdict(summary), "counts": counts, "detector": about}
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return summary
