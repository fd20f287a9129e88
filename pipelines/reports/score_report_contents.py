"""The contents of a report about a scored table."""

from __future__ import annotations

import dataclasses

from tfvae.pipelines.reports.figures.drawing import Panel
from tfvae.pipelines.reports.table_row import Row


@dataclasses.dataclass(frozen=True)
class Contribution:
    """A feature's part of a row's score.

    Attributes:
        name: name of the feature.
        value: the row's value.
        amount: its part of the score in nats.
        share: of the largest part of this row's score, from 0 to 1.
    """

    name: str
    value: str
    amount: float
    share: float


@dataclasses.dataclass(frozen=True)
class ScoredRow:
    """One of the rows with the highest scores.

    Attributes:
        row: its number in the table, from 0.
        keys: its values of the key columns.
        score: its score in nats.
        p_value: share of the calibration rows with at least this score.
        is_anomaly: whether its score is above the threshold.
        contributions: the features that contribute most.
    """

    row: int
    keys: tuple[str, ...]
    score: float
    p_value: float
    is_anomaly: bool
    contributions: tuple[Contribution, ...]


@dataclasses.dataclass(frozen=True)
class ColumnDrift:
    """How a column's distribution has changed since training.

    Attributes:
        name: name of the column.
        kind: kind of the column.
        index: population stability index.
        verdict: "stable", "moved" or "shifted".
        change: the bin whose share changed most.
    """

    name: str
    kind: str
    index: float
    verdict: str
    change: str


@dataclasses.dataclass(frozen=True)
class ScoreReportContents:
    """The contents of a report about a scored table.

    Attributes:
        title: heading.
        summary: a sentence below it.
        results: counts and shares.
        histogram: of the scores; None if no row has a score.
        keys: names of the key columns.
        top_rows: rows with the highest scores, highest first.
        drift: of each column, most shifted first.
        charts: of the columns that shifted most.
        reasons: number of rejected rows by reason.
        rejects: some of the rejected rows: row, line, reason, text.
    """

    title: str
    summary: str
    results: tuple[Row, ...]
    histogram: Panel | None
    keys: tuple[str, ...]
    top_rows: tuple[ScoredRow, ...]
    drift: tuple[ColumnDrift, ...]
    charts: tuple[Panel, ...]
    reasons: dict[str, int]
    rejects: tuple[dict[str, str], ...]
