"""Score every row of a table's file with a detector, in order and in bounded memory; resumable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import final

import pyarrow as pa

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.csv_table import CsvTable
from tfvae.data.tables.files import Reject, Rows, TableFile, table_file
from tfvae.data.tables.profile import Profile, counted
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.scoring.escaping_writer import (
    escaping_record_writer,
    escaping_table_writer,
    with_escaped_rejects,
)
from tfvae.pipelines.scoring.loaded_detector import LoadedDetector
from tfvae.pipelines.scoring.output_files import OutputFiles
from tfvae.pipelines.scoring.parts import Parts
from tfvae.pipelines.scoring.record_writer import RecordWriter
from tfvae.pipelines.scoring.rejects import readable_mask, rejects_of
from tfvae.pipelines.scoring.score_writer import (
    TableWriter,
    check_writable,
    scored_batches,
    table_writer,
    write_scores,
)
from tfvae.pipelines.scoring.scored_rows import RECORD, REJECTED, ROW, ScoredRows
from tfvae.pipelines.scoring.summary import Summary
from tfvae.pipelines.scoring.table_scorer import TableScorer
from tfvae.pipelines.scoring.work_folder import WorkFolder, open_work_folder

_PART_ROWS = 32_768


def score(
    detector: LoadedDetector,
    data: str | os.PathLike[str],
    output: Path,
    part_rows: int = _PART_ROWS,
    overwrite: bool = False,
    progress: bool = True,
    escape_formulas: bool = False,
) -> Summary:
    """Write every row of a file with its score, p-value, decision and the features that contribute most.

    All columns of the data are kept; `row` is the number of a row in the data, from 0. The cells of a CSV
    file are written to a CSV file byte for byte, and to a Parquet file as texts; the columns of a Parquet
    file keep their types, but views of strings and bytes become strings and bytes.

    A cell such as `=cmd()`, which a spreadsheet runs as a formula when it opens a CSV file, is written
    unchanged; `escape_formulas` puts an apostrophe in front of it.

    Beside the output are written `OUT.rejects.csv`, if rows are rejected, and `OUT.summary.json`, from which
    a report is made. Until all rows are scored, finished parts are kept in the folder `OUT.parts`: if the
    command is interrupted, the same command continues from there.

    A reject has the number of its row, its line, the reason, which may quote a cell, and at most the first
    200 characters of the line in a CSV file. Of a Parquet file it has no cells: the row's number finds them.

    Args:
        detector: the detector.
        data: a CSV or Parquet file.
        output: a `.csv` or `.parquet` file; it appears when the last row is scored.
        part_rows: rows in a part.
        overwrite: whether an output that exists is replaced.
        progress: whether a progress bar is shown.
        escape_formulas: whether an apostrophe is put in front of each cell of a CSV file that starts with
            `=`, `+`, `-`, `@`, a tab or a carriage return, and is no number: in names, cells and rejects. No
            effect on a Parquet file.

    Raises:
        InvalidInput: the table lacks a column, or has one with the name of an added one; or the output cannot
            be written without the loss of something else.
        UnreadableFile: the file is damaged; the parts scored so far are kept.
    """
    file = table_file(data)
    _check_columns(file, detector.scorer)
    scorer = _FileScorer(detector, file, output)
    check_writable(file.schema, output)
    OutputFiles(output).check(overwrite, data)
    before = _state(file)
    with open_work_folder(output, _job(file, detector, part_rows)) as work:
        work.files.check(overwrite)
        parts = Parts(work.path, part_rows)
        resumed = parts.rows
        batches = _batches(file.rows(), resumed, part_rows)
        with scored_batches(scorer, batches, file.size, resumed, progress) as scored:
            for part in scored:
                parts.append(part)
        if not parts.rows:
            raise UnreadableFile(file.path, "at least one row", "it holds none")
        if _state(file) != before:
            work.remove()
            raise UnreadableFile(file.path, "a file that does not change", "it has changed meanwhile")
        total = parts.rows if file.size is None else file.size
        writer = scorer.escaping_writer if escape_formulas else scorer.writer
        written = map(with_escaped_rejects, parts) if escape_formulas else parts
        summary = write_scores(written, writer, str(file.path), work, total)
        summary = dataclasses.replace(summary, resumed=resumed)
        _write_summary(summary, parts, detector, work)
        work.publish(overwrite)
    return summary


def _check_columns(file: TableFile, scorer: TableScorer) -> None:
    added = [ROW, *scorer.added.names]
    taken = [name for name in file.names if name in added]
    if taken:
        expected = f"no column with a name that is added ({', '.join(added)})"
        raise InvalidInput("DATA", expected, repr(taken[0]))
    scorer.table.check(file.names)


def _job(file: TableFile, detector: LoadedDetector, part_rows: int) -> dict[str, str | int]:
    """Return what identifies a job; the file by its content, as size and time may be those of another."""
    with file.path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "data": content,
        "detector": detector.identity,
        "top": detector.scorer.top,
        "rows of a part": part_rows,
    }


def _state(file: TableFile) -> tuple[int, int, int]:
    stat = file.path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


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
        file: the file.
        output: a `.csv` or `.parquet` file.
    """

    def __init__(self, detector: LoadedDetector, file: TableFile, output: Path):
        self._scorer, self._file, self._suffix = detector.scorer, file, output.suffix
        self._schema = TableSchema.from_json(detector.description["schema"])
        self._profiles = [Profile(**entry) for entry in detector.description["training"]]

    @property
    def schema(self) -> pa.Schema:
        """The schema of the scored rows."""
        kept = [pa.field(RECORD, pa.binary())] if self._keeps_records else self._file.schema
        return pa.schema([pa.field(ROW, pa.int64()), *kept, *list(self._scorer.added)[:-1]])

    def writer(self, path: Path) -> AbstractContextManager[TableWriter]:
        """Open the file of the scored rows."""
        if isinstance(self._file, CsvTable) and self._keeps_records:
            return RecordWriter(path, self._file.header, self._scorer.added.names[:-1], self._file.mark)
        return table_writer(path, self.schema)

    def escaping_writer(self, path: Path) -> AbstractContextManager[TableWriter]:
        """Open the file of the scored rows; formulas in a CSV file are escaped."""
        if isinstance(self._file, CsvTable) and self._keeps_records:
            added = self._scorer.added.names[:-1]
            return escaping_record_writer(path, self._file.header, added, self._file.mark)
        return (escaping_table_writer if self._suffix == ".csv" else table_writer)(path, self.schema)

    def score(self, batch: list[Rows]) -> ScoredRows:
        """Return the scored rows of some pieces, and the rejected ones."""
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

    @property
    def _keeps_records(self) -> bool:
        return isinstance(self._file, CsvTable) and self._suffix == ".csv"

    def _score_piece(self, piece: Rows) -> tuple[pa.Table, list[Reject], Counter[tuple[str, int]]]:
        batch, reasons = (piece.batch, {}) if self._file.typed else self._scorer.table.decoded(piece.batch)
        readable = readable_mask(len(batch), reasons)
        results, raw = self._scorer.score_and_read(batch.filter(pa.array(readable)))
        rejected = results.column(REJECTED)
        for position, reason in zip(readable.nonzero()[0].tolist(), rejected.to_pylist(), strict=True):
            if reason is not None:
                reasons[position] = reason
        width = len(self._file.names)
        kept = results.columns[:width]
        if self._keeps_records and piece.records is not None:
            kept = [piece.records.filter(pa.array(readable))]
        columns = [pa.array(piece.rows[readable]), *kept, *results.columns[width:-1]]
        table = pa.table(columns, schema=self.schema).filter(rejected.is_null())
        counts = Counter(
            {
                (column, index): int(count)
                for column, bins in counted(self._schema, self._profiles, raw).items()
                for index, count in enumerate(bins)
            }
        )
        return table, list(rejects_of(piece, reasons)), counts


def _write_summary(summary: Summary, parts: Parts, detector: LoadedDetector, work: WorkFolder) -> None:
    seal = work.files.seal(work.rejects if summary.rejects else None)
    content = dataclasses.asdict(summary) | seal
    content |= {"counts": parts.counts, "detector": detector.description}
    work.summary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
