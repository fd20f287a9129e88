"""An HTML report of a scored table: scores, top anomalies, drift since training, rejected rows."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from tfvae.data.sources.arrow_columns import arrow_errors
from tfvae.data.sources.read_errors import reading
from tfvae.data.tables.csv_table import CsvTable
from tfvae.data.tables.profile import stability_index
from tfvae.pipelines.reports.figures.drawing import Panel
from tfvae.pipelines.reports.figures.scored_table import bin_labels, bin_shares, score_histogram
from tfvae.pipelines.reports.html_pages import page, write_page
from tfvae.pipelines.reports.score_report_contents import (
    ColumnDrift,
    Contribution,
    ScoredRow,
    ScoreReportContents,
)
from tfvae.pipelines.reports.score_summary import ScoreSummary
from tfvae.pipelines.reports.table_row import Row

if TYPE_CHECKING:
    from tfvae.core.types import Array

_TOP_ROWS = 20
_KEYS = 2
_REJECTS = 10
_CHARTS = 4
_STABLE, _SHIFTED = 0.1, 0.25
_BATCH_ROWS = 8192
_SCORED = "a file of `tfvae score` with a detector"
_TYPES = {"row": pa.int64(), "score": pa.float64(), "p_value": pa.float64(), "is_anomaly": pa.bool_()}


def write(scored: Path, output: str | os.PathLike[str]) -> Path:
    """Write the report of a scored table, and return its path.

    Args:
        scored: a file that `tfvae score` wrote with a detector.
        output: the file of the report.

    Raises:
        UnreadableFile: the file, or the summary beside it, is missing or damaged.
    """
    return write_page(render(gather(scored)), output)


def render(contents: ScoreReportContents) -> str:
    """Return the page: HTML that refers to nothing outside itself.

    Args:
        contents: the contents of the report.
    """
    return page("score_report.html.j2", {"contents": contents})


def gather(scored: Path) -> ScoreReportContents:
    """Collect the contents of the report from a scored table, its rejects and its summary; in bounded memory.

    Args:
        scored: a file that `tfvae score` wrote with a detector.

    Raises:
        UnreadableFile: one of the files is missing or damaged.
    """
    summary = ScoreSummary.read(scored)
    scores, top = _read_scores(scored)
    keys = tuple(column.name for column in summary.schema.columns if column.kind == "key")[:_KEYS]
    drift = _drift(summary)
    histogram = None
    if len(scores):
        histogram = score_histogram(scores, summary.calibration, summary.threshold)
    return ScoreReportContents(
        title=f"Scores of {Path(summary.data).name}",
        summary=f"{summary.rows:,} rows: {summary.scored:,} scored, {summary.rejected:,} rejected.",
        results=tuple(_results(summary, scores)),
        histogram=histogram,
        keys=keys,
        top_rows=tuple(_scored_row(row, keys) for row in top),
        drift=tuple(column for column, _ in drift),
        charts=tuple(draw() for _, draw in drift[:_CHARTS]),
        reasons=dict(sorted(summary.reasons.items(), key=lambda item: -item[1])),
        rejects=tuple(_rejects(summary)),
    )


def ks_distance(first: Array, second: Array) -> float:
    """Return the Kolmogorov-Smirnov distance, max over t of |F(t) - G(t)|, of two samples.

    Args:
        first: a sample [n].
        second: a sample [m].

    Example:
        >>> ks_distance(np.array([1.0, 2.0]), np.array([1.5, 3.0]))
        0.5
    """
    first, second = np.sort(first), np.sort(second)
    points = np.concatenate([first, second])
    below = [np.searchsorted(values, points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _results(summary: ScoreSummary, scores: Array) -> Iterator[Row]:
    note = f"rows with a score above the threshold, {summary.threshold:.2f} nats"
    yield Row("Anomalies", f"{summary.anomalies:,}", note)
    if len(scores):
        yield Row("Share", f"{summary.anomalies / len(scores):.2%}", "of the scored rows")
        yield Row("Expected", f"{summary.above:.2%}", "share of the calibration rows above the threshold")
        distance = ks_distance(scores, summary.calibration)
        note = "Kolmogorov-Smirnov distance of these scores from the calibration scores"
        yield Row("Shift of the scores", f"{distance:.3f}", note)
    yield Row("Rejected", f"{summary.rejected:,}", "rows that could not be read")


def _drift(summary: ScoreSummary) -> list[tuple[ColumnDrift, Callable[[], Panel]]]:
    """Return each column's drift and a function that draws it, most shifted first."""
    found = []
    for column, profile in zip(summary.schema.modeled, summary.training, strict=True):
        expected, bins = np.array(profile.shares), summary.counts[column.name]
        actual = bins / max(bins.sum(), 1)
        index = stability_index(expected, actual, int(bins.sum()))
        verdict = "stable" if index < _STABLE else "moved" if index < _SHIFTED else "shifted"
        labels = bin_labels(column.values, profile.edges, column.kind)
        largest = int(np.abs(actual - expected).argmax())
        shares = f"{expected[largest]:.1%} to {actual[largest]:.1%}"
        change = f"{labels[largest]}: {shares}" if expected[largest] != actual[largest] else "none"

        def draw(arguments: tuple = (column.name, labels, expected, actual, index)) -> Panel:
            return bin_shares(*arguments)

        found.append((ColumnDrift(column.name, column.kind, index, verdict, change), draw))
    return sorted(found, key=lambda item: -item[0].index)


def _read_scores(scored: Path) -> tuple[Array, list[dict[str, Any]]]:
    """Return all scores, and the rows with the highest."""
    scores, top = [], None
    for batch in _batches(scored):
        table = pa.Table.from_batches([batch])
        scores.append(table.column("score").to_numpy())
        joined = table if top is None else pa.concat_tables([top, table], promote_options="permissive")
        top = joined.sort_by([("score", "descending"), ("row", "ascending")]).slice(0, _TOP_ROWS)
    if top is None:
        return np.empty(0), []
    return np.concatenate(scores), top.to_pylist()


def _batches(scored: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a scored table; all columns of a CSV file but those of the scores are texts."""
    with reading(scored, _SCORED, (*arrow_errors(), KeyError)):
        if scored.suffix == ".csv":
            for rows in CsvTable(scored).rows():
                names = rows.batch.schema.names
                columns = [_typed(name, cells) for name, cells in zip(names, rows.batch.columns, strict=True)]
                yield _checked(pa.record_batch(columns, names=names))
        else:
            with ParquetFile(scored, pre_buffer=False) as file:
                yield from map(_checked, file.iter_batches(_BATCH_ROWS))


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose columns of scores have their types."""
    for name in _TYPES:
        if name not in batch.schema.names:
            raise ValueError(f"it has no column {name!r}")
    columns = [
        column.cast(_type_of(name)) if _type_of(name) else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.record_batch(columns, names=batch.schema.names)


def _typed(name: str, cells: pa.Array) -> pa.Array:
    texts = pa.array([cell.decode(errors="replace") for cell in cells.to_pylist()], pa.string())
    if _type_of(name) is None:
        return texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _type_of(name: str) -> pa.DataType | None:
    """Return the type of a column of scores; None for others."""
    if re.fullmatch(r"contribution_\d+", name):
        return pa.float64()
    return _TYPES.get(name)


def _scored_row(row: dict[str, Any], keys: tuple[str, ...]) -> ScoredRow:
    ranks = [name.removeprefix("feature_") for name in row if re.fullmatch(r"feature_\d+", name)]
    ranks = [rank for rank in ranks if f"contribution_{rank}" in row]
    named = [(row[f"feature_{rank}"], row[f"contribution_{rank}"]) for rank in ranks]
    named = [(name, amount) for name, amount in named if name and amount is not None]
    largest = max([amount for _, amount in named], default=0.0)
    contributions = tuple(
        Contribution(name, _text(row.get(_column_of(name))), amount, _share(amount, largest))
        for name, amount in named
        if largest > 0
    )
    return ScoredRow(
        row["row"],
        tuple(_text(row.get(key)) for key in keys),
        row["score"],
        row["p_value"],
        row["is_anomaly"],
        contributions,
    )


def _share(amount: float, largest: float) -> float:
    return float(amount == largest) if np.isinf(largest) else max(amount, 0.0) / largest


def _column_of(feature: str) -> str:
    """Return the column of a feature: a date has the features weekday and hour."""
    return re.sub(r" \((weekday|hour)\)$", "", feature)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _rejects(summary: ScoreSummary) -> Iterator[dict[str, str]]:
    if summary.rejects is None:
        return
    with (
        reading(summary.rejects, "the rejects of a scored table", (OSError, ValueError, csv.Error)),
        summary.rejects.open(newline="", encoding="utf-8") as stream,
    ):
        for line in islice(csv.DictReader(stream), _REJECTS):
            yield {name: line[name] or "" for name in ("row", "line", "reason", "text")}
