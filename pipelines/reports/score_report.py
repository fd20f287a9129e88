"""One HTML page about a scored table: scores, top anomalies, drift since training, rejects."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from tfvae.core.errors import UnreadableFile
from tfvae.core.files import replacing
from tfvae.data.tables.profile import stability_index
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.reports.figures import Panel
from tfvae.pipelines.reports.figures_scored import bin_labels, shares, spread
from tfvae.pipelines.reports.html_pages import page

_TOP = 20
_REJECTS = 10
_CHARTS = 4
_STABLE, _SHIFTED = 0.1, 0.25


@dataclasses.dataclass(frozen=True)
class Contribution:
    """A feature that made a row unusual: its name, the row's value, its part of the score in nats."""

    name: str
    value: str
    amount: float
    share: float


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """One of the rows with the highest scores: number, keys, score, p-value, decision, contributions."""

    row: int
    keys: tuple[str, ...]
    score: float
    p_value: float
    is_anomaly: bool
    contributions: tuple[Contribution, ...]


@dataclasses.dataclass(frozen=True)
class ColumnDrift:
    """How a column has moved: name, kind, stability index and what is said of it, largest change."""

    name: str
    kind: str
    index: float
    verdict: str
    change: str


@dataclasses.dataclass(frozen=True)
class ScoredContents:
    """What the page is made of.

    Attributes:
        title: heading.
        summary: a sentence below it.
        results: pairs of a name, a value, a note.
        spread: the scores' histogram, or None where no row has a score.
        keys: names of the key columns.
        anomalies: rows with the highest scores, highest first.
        drift: of each column, most shifted first.
        charts: of the columns that shifted most.
        reasons: how many rows were rejected for what.
        rejects: some of these rows: row, line, reason, text.
    """

    title: str
    summary: str
    results: tuple[tuple[str, str, str], ...]
    spread: Panel | None
    keys: tuple[str, ...]
    anomalies: tuple[Anomaly, ...]
    drift: tuple[ColumnDrift, ...]
    charts: tuple[Panel, ...]
    reasons: dict[str, int]
    rejects: tuple[dict, ...]


def write(scored: Path, output: str | os.PathLike) -> Path:
    """Write the page about what `tfvae score` wrote, whole or not at all; return its path.

    Raises:
        UnreadableFile: the file, or the summary beside it, is not there or is damaged.
    """
    text = render(gather(scored))
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(output)


def render(contents: ScoredContents) -> str:
    """Return the page: HTML that refers to nothing outside itself."""
    return page("scored.html.j2", contents=contents)


def gather(scored: Path) -> ScoredContents:
    """Collect what a scored table, its rejects and its summary have to say; in bounded memory.

    Raises:
        UnreadableFile: one of them is not there or is damaged.
    """
    summary = _summary(scored)
    about = summary["detector"]
    schema = TableSchema.from_json(about["schema"])
    scores, top = _read(scored)
    reference, threshold = np.array(about["scores"]), about["threshold"]
    keys = tuple(column.name for column in schema.columns if column.kind == "key")
    drift = _drift(schema, about["training"], summary["counts"])
    count = f"{summary['rows']:,} rows"
    return ScoredContents(
        title=f"Scores of {Path(summary['data']).name}",
        summary=f"{count}: {summary['scored']:,} scored, {summary['rejected']:,} rejected.",
        results=tuple(_results(summary, scores, reference)),
        spread=spread(scores, reference, threshold) if len(scores) else None,
        keys=keys[:2],
        anomalies=tuple(_anomaly(row, keys[:2]) for row in top),
        drift=tuple(entry for entry, _ in drift),
        charts=tuple(panel() for _, panel in drift[:_CHARTS]),
        reasons=dict(sorted(summary["reasons"].items(), key=lambda item: -item[1])),
        rejects=tuple(_rejects(summary)),
    )


def _results(summary: dict, scores: np.ndarray, reference: np.ndarray) -> Iterator[tuple[str, str, str]]:
    threshold = summary["detector"]["threshold"]
    yield (
        "Anomalies",
        f"{summary['anomalies']:,}",
        f"rows with a score above the threshold, {threshold:.2f} nats",
    )
    if len(scores):
        yield "Share", f"{summary['anomalies'] / len(scores):.2%}", "of the scored rows"
        expected = summary["detector"]["above"]
        yield "Expected", f"{expected:.2%}", "of the rows by which the threshold was chosen"
        distance = ks_distance(scores, reference)
        note = "largest difference between the shares of scores below any value, now and at calibration"
        yield "Shift of the scores", f"{distance:.3f}", note
    yield "Rejected", f"{summary['rejected']:,}", "rows that could not be read; none is left out silently"


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance, max over t of |F(t) - G(t)|, of two samples.

    Example:
        >>> ks_distance(np.array([1.0, 2.0]), np.array([1.5, 3.0]))
        0.5
    """
    first, second = np.sort(first), np.sort(second)
    points = np.concatenate([first, second])
    below = [np.searchsorted(values, points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _drift(schema: TableSchema, training: list[dict], counts: dict[str, list[int]]) -> list[tuple]:
    """Each column's drift and what draws it, most shifted first."""
    found = []
    for column, profile in zip(schema.modeled, training, strict=True):
        expected, bins = np.array(profile["shares"]), np.array(counts[column.name])
        actual = bins / max(bins.sum(), 1)
        index = stability_index(expected, actual, int(bins.sum()))
        verdict = "stable" if index < _STABLE else "moved" if index < _SHIFTED else "shifted"
        labels = bin_labels(column.values, tuple(profile["edges"]), column.kind)
        place = int(np.abs(actual - expected).argmax())
        moved = f"{expected[place]:.1%} to {actual[place]:.1%}"
        change = f"{labels[place]}: {moved}" if expected[place] != actual[place] else "none"
        entry = ColumnDrift(column.name, column.kind, index, verdict, change)

        def panel(of: tuple = (column.name, labels, expected, actual, index)) -> Panel:
            return shares(*of)

        found.append((entry, panel))
    return sorted(found, key=lambda item: -item[0].index)


def _read(scored: Path) -> tuple[np.ndarray, list[dict]]:
    """All scores, and the rows with the highest."""
    scores, top = [], None
    for batch in _batches(scored):
        table = pa.Table.from_batches([batch])
        scores.append(table.column("score").to_numpy())
        joined = table if top is None else pa.concat_tables([top, table], promote_options="permissive")
        top = joined.take(pa.compute.select_k_unstable(joined, _TOP, [("score", "descending")]))
    if top is None:
        return np.empty(0), []
    return np.concatenate(scores), top.sort_by([("score", "descending"), ("row", "ascending")]).to_pylist()


def _batches(scored: Path) -> Iterator[pa.RecordBatch]:
    expected = "what `tfvae score` wrote"
    try:
        if scored.suffix == ".csv":
            yield from pa.csv.open_csv(scored)
        else:
            with pa.parquet.ParquetFile(scored, pre_buffer=False) as file:
                yield from file.iter_batches(8192)
    except (OSError, ValueError) as error:  # Arrow's are ValueErrors
        raise UnreadableFile(scored, expected, " ".join(str(error).split())) from None


def _anomaly(row: dict, keys: tuple[str, ...]) -> Anomaly:
    named = [
        (row[f"feature_{rank}"], row[f"contribution_{rank}"])
        for rank in range(1, 99)
        if f"feature_{rank}" in row
    ]
    largest = max([amount for _, amount in named], default=1.0)
    contributions = tuple(
        Contribution(
            name, _plain(row.get(re.sub(r" \((weekday|hour)\)$", "", name))), amount, max(amount, 0) / largest
        )
        for name, amount in named
        if largest > 0
    )
    return Anomaly(
        row["row"],
        tuple(_plain(row.get(key)) for key in keys),
        row["score"],
        row["p_value"],
        row["is_anomaly"] in (True, "true"),
        contributions,
    )


def _plain(value: object) -> str:
    if value is None or value == "":
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _rejects(summary: dict) -> Iterator[dict]:
    if summary["rejects"] is None:
        return
    try:
        with open(summary["rejects"], newline="", encoding="utf-8") as stream:
            yield from islice(csv.DictReader(stream), _REJECTS)
    except OSError as error:
        raise UnreadableFile(summary["rejects"], "the rejects of a scored table", error.strerror) from None


def _summary(scored: Path) -> dict:
    path = scored.with_name(f"{scored.stem}.summary.json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, "the summary that `tfvae score` writes beside its output", error) from None
