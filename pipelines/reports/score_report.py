"""An HTML report of a scored table: scores, top anomalies, drift since training, rejected rows."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow.csv import open_csv
from pyarrow.parquet import ParquetFile

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.profile import stability_index
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.reports.figures.drawing import Panel
from tfvae.pipelines.reports.figures.scored_table import bin_labels, bin_shares, score_histogram
from tfvae.pipelines.reports.html_pages import page, write_page
from tfvae.pipelines.reports.score_report_contents import (
    ColumnDrift,
    Contribution,
    ScoredRow,
    ScoreReportContents,
)
from tfvae.pipelines.reports.table_row import Row
from tfvae.pipelines.scoring.output_files import OutputFiles

if TYPE_CHECKING:
    from tfvae.core.types import Array

_TOP_ROWS = 20
_KEYS = 2
_REJECTS = 10
_CHARTS = 4
_STABLE, _SHIFTED = 0.1, 0.25
_BATCH_ROWS = 8192


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
    summary = _read_summary(scored)
    detector = summary["detector"]
    schema = TableSchema.from_json(detector["schema"])
    scores, top = _read_scores(scored)
    calibration, threshold = np.array(detector["scores"]), detector["threshold"]
    keys = tuple(column.name for column in schema.columns if column.kind == "key")[:_KEYS]
    drift = _drift(schema, detector["training"], summary["counts"])
    count = f"{summary['rows']:,} rows"
    return ScoreReportContents(
        title=f"Scores of {Path(summary['data']).name}",
        summary=f"{count}: {summary['scored']:,} scored, {summary['rejected']:,} rejected.",
        results=tuple(_results(summary, scores, calibration)),
        histogram=score_histogram(scores, calibration, threshold) if len(scores) else None,
        keys=keys,
        top_rows=tuple(_scored_row(row, keys) for row in top),
        drift=tuple(column for column, _ in drift),
        charts=tuple(draw() for _, draw in drift[:_CHARTS]),
        reasons=dict(sorted(summary["reasons"].items(), key=lambda item: -item[1])),
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


def _results(summary: dict[str, Any], scores: Array, calibration: Array) -> Iterator[Row]:
    detector = summary["detector"]
    note = f"rows with a score above the threshold, {detector['threshold']:.2f} nats"
    yield Row("Anomalies", f"{summary['anomalies']:,}", note)
    if len(scores):
        yield Row("Share", f"{summary['anomalies'] / len(scores):.2%}", "of the scored rows")
        yield Row("Expected", f"{detector['above']:.2%}", "share of the calibration rows above the threshold")
        distance = ks_distance(scores, calibration)
        note = "Kolmogorov-Smirnov distance of these scores from the calibration scores"
        yield Row("Shift of the scores", f"{distance:.3f}", note)
    yield Row("Rejected", f"{summary['rejected']:,}", "rows that could not be read")


def _drift(
    schema: TableSchema, training: list[dict[str, Any]], counts: dict[str, list[int]]
) -> list[tuple[ColumnDrift, Callable[[], Panel]]]:
    """Return each column's drift and a function that draws it, most shifted first."""
    found = []
    for column, profile in zip(schema.modeled, training, strict=True):
        expected, bins = np.array(profile["shares"]), np.array(counts[column.name])
        actual = bins / max(bins.sum(), 1)
        index = stability_index(expected, actual, int(bins.sum()))
        verdict = "stable" if index < _STABLE else "moved" if index < _SHIFTED else "shifted"
        labels = bin_labels(column.values, tuple(profile["edges"]), column.kind)
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
    try:
        if scored.suffix == ".csv":
            yield from open_csv(scored)
        else:
            with ParquetFile(scored, pre_buffer=False) as file:
                yield from file.iter_batches(_BATCH_ROWS)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise UnreadableFile(scored, "a file of `tfvae score`", " ".join(str(error).split())) from None


def _scored_row(row: dict[str, Any], keys: tuple[str, ...]) -> ScoredRow:
    ranks = [name.removeprefix("feature_") for name in row if re.fullmatch(r"feature_\d+", name)]
    ranks = [rank for rank in ranks if f"contribution_{rank}" in row]
    named = [(row[f"feature_{rank}"], row[f"contribution_{rank}"]) for rank in ranks]
    largest = max([amount for _, amount in named], default=1.0)
    contributions = tuple(
        Contribution(name, _text(row.get(_column_of(name))), amount, max(amount, 0) / largest)
        for name, amount in named
        if largest > 0
    )
    return ScoredRow(
        row["row"],
        tuple(_text(row.get(key)) for key in keys),
        row["score"],
        row["p_value"],
        row["is_anomaly"] in (True, "true"),
        contributions,
    )


def _column_of(feature: str) -> str:
    """Return the column of a feature: a date has the features weekday and hour."""
    return re.sub(r" \((weekday|hour)\)$", "", feature)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _rejects(summary: dict[str, Any]) -> Iterator[dict[str, str]]:
    if summary["rejects"] is None:
        return
    try:
        with open(summary["rejects"], newline="", encoding="utf-8") as stream:
            yield from islice(csv.DictReader(stream), _REJECTS)
    except OSError as error:
        raise UnreadableFile(summary["rejects"], "the rejects of a scored table", error.strerror) from None


def _read_summary(scored: Path) -> dict[str, Any]:
    path = OutputFiles(scored).summary
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        expected = "the summary that `tfvae score` with a detector writes beside its output"
        raise UnreadableFile(path, expected, error) from None
