"""Score every row of a table's file with a detector, in order and in bounded memory; resumable."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import final

import pyarrow as pa

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.data.tables.files import Reject, Rows, TableFile, table_file
from tfvae.data.tables.profile import Profile, counted
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.scoring.loaded_detector import LoadedDetector
from tfvae.pipelines.scoring.parts import Parts
from tfvae.pipelines.scoring.rejects import readable_mask, rejects_of
from tfvae.pipelines.scoring.score_writer import scored_batches, write_scores
from tfvae.pipelines.scoring.scored_rows import REJECTED, ROW, ScoredRows
from tfvae.pipelines.scoring.summary import Summary
from tfvae.pipelines.scoring.table_scorer import TableScorer

_PART_ROWS = 32_768


def score(
    detector: LoadedDetector, data: str | os.PathLike[str], output: Path, part_rows: int = _PART_ROWS
) -> Summary:
    """Write every row of a file with its score, p-value, decision and the features that contribute most.

    All columns of the data are kept; `row` is the number of a row in the data, from 0. Beside the output are
    written `NAME.rejects.csv`, if rows are rejected, and `NAME.summary.json`, from which a report is made.
    Until all rows are scored, finished parts are kept in the folder `NAME.SUFFIX.parts`: if the command is
    interrupted, the same command continues from there.

    Args:
        detector: the detector.
        data: a CSV or Parquet file.
        output: a `.csv` or `.parquet` file; it appears when the last row is scored.
        part_rows: rows in a part.

    Raises:
        InvalidInput: the table lacks a column, or has one with the name of an added one.
        UnreadableFile: the file is damaged; the parts scored so far are kept.
    """
    file = table_file(data)
    _check_columns(file, detector.scorer)
    parts = Parts(output.with_name(output.name + ".parts"), _job(file, detector), part_rows)
    resumed = parts.rows
    batches = _batches(file.rows(), resumed, part_rows)
    with scored_batches(_FileScorer(detector, file.typed), batches, file.size, resumed) as scored:
        for part in scored:
            parts.append(part)
    if not parts.rows:
        parts.remove()
        raise UnreadableFile(file.path, "at least one row", "it holds none")
    total = parts.rows if file.size is None else file.size
    summary = write_scores(parts, parts.schema, str(file.path), output, total)
    summary = dataclasses.replace(summary, resumed=resumed)
    _write_summary(summary, parts, detector, output)
    parts.remove()
    return summary


def _check_columns(file: TableFile, scorer: TableScorer) -> None:
    added = [ROW, *scorer.added.names]
    taken = [name for name in file.names if name in added]
    if taken:
        expected = f"no column with a name that is added ({', '.join(added)})"
        raise InvalidInput("DATA", expected, repr(taken[0]))
    scorer.table.check(file.names)


def _job(file: TableFile, detector: LoadedDetector) -> dict[str, str | int]:
    stat = file.path.stat()
    return {
        "data": str(file.path.resolve()),
        "bytes": stat.st_size,
        "changed": stat.st_mtime_ns,
        "detector": detector.identity,
        "top": detector.scorer.top,
    }


def _batches(rows: Iterator[Rows], first: int, size: int) -> Iterator[list[Rows]]:
    """Yield the rows from number `first` on, in lists of pieces that have `size` rows together."""
    pieces: list[Rows] = []
    end = first + size
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


@final
class _FileScorer:
    """Scores pieces of a file: the rows that are read, and a reject for each that is not.

    Args:
        detector: the detector.
        typed: whether the file has types for its cells, unlike CSV.
    """

    def __init__(self, detector: LoadedDetector, typed: bool):
        self._scorer, self._typed = detector.scorer, typed
        self._schema = TableSchema.from_json(detector.description["schema"])
        self._profiles = [Profile(**entry) for entry in detector.description["training"]]

    def score(self, batch: list[Rows]) -> ScoredRows:
        tables, rejects = [], []
        bins: Counter[tuple[str, int]] = Counter()
        for piece in batch:
            table, rejected, counts = self._score_piece(piece)
            tables.append(table)
            rejects += [*piece.rejects, *rejected]
            bins.update(counts)
        counts = {
            column.name: [bins[column.name, index] for index in range(len(profile.shares))]
            for column, profile in zip(self._schema.modeled, self._profiles, strict=True)
        }
        return ScoredRows(pa.concat_tables(tables), tuple(sorted(rejects, key=lambda r: r.row)), counts)

    def _score_piece(self, piece: Rows) -> tuple[pa.Table, list[Reject], Counter[tuple[str, int]]]:
        batch, reasons = (piece.batch, {}) if self._typed else self._scorer.table.typed(piece.batch)
        readable = readable_mask(len(batch), reasons)
        results, raw = self._scorer.score_and_read(batch.filter(pa.array(readable)))
        rejected = results.column(REJECTED)
        for position, reason in zip(readable.nonzero()[0].tolist(), rejected.to_pylist(), strict=True):
            if reason is not None:
                reasons[position] = reason
        numbered = [pa.array(piece.rows[readable]), *results.columns[:-1]]
        table = pa.table(numbered, names=[ROW, *results.schema.names[:-1]]).filter(rejected.is_null())
        counts = Counter(
            {
                (column, index): int(count)
                for column, bins in counted(self._schema, self._profiles, raw).items()
                for index, count in enumerate(bins)
            }
        )
        return table, list(rejects_of(piece, reasons)), counts


def _write_summary(summary: Summary, parts: Parts, detector: LoadedDetector, output: Path) -> None:
    content = dataclasses.asdict(summary) | {"counts": parts.counts, "detector": detector.description}
    with replacing(output.with_name(f"{output.stem}.summary.json")) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
