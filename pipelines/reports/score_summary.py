"""The summary beside a scored table, as a report needs it."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.profile import Profile
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.scoring.output_files import OutputFiles

if TYPE_CHECKING:
    from tfvae.core.types import Array

_EXPECTED = "the summary that `tfvae score` with a detector writes beside its output"
_WRONG = (KeyError, TypeError, ValueError, AttributeError, OverflowError)  # also InvalidInput


@dataclasses.dataclass(frozen=True)
class ScoreSummary:
    """What `tfvae score` has counted, and what its detector's scores mean.

    Attributes:
        data: name of the scored table.
        rows: number of its rows.
        scored: rows that have a score.
        rejected: rows that could not be read.
        anomalies: scored rows above the threshold.
        reasons: number of rejected rows by reason.
        rejects: the file of the rejected rows, or None without any.
        schema: the table's columns.
        training: the profile of each modeled column in training.
        counts: number of scored rows in each bin of these profiles, by column.
        threshold: scores above it are anomalies.
        calibration: evenly spaced quantiles of the calibration scores, [k].
        above: share of the calibration scores above the threshold.
    """

    data: str
    rows: int
    scored: int
    rejected: int
    anomalies: int
    reasons: dict[str, int]
    rejects: Path | None
    schema: TableSchema
    training: tuple[Profile, ...]
    counts: dict[str, Array]
    threshold: float
    calibration: Array
    above: float

    @classmethod
    def read(cls, scored: Path) -> Self:
        """Read the summary of a scored table.

        Args:
            scored: the scored table.

        Raises:
            UnreadableFile: there is none, or it is damaged.
        """
        files = OutputFiles(scored)
        try:
            values = json.loads(files.summary.read_text(encoding="utf-8"))
            return cls._of(values, files)
        except (*_WRONG, OSError, RecursionError) as error:
            missing = f"{error} is missing" if isinstance(error, KeyError) else error
            reason = error.strerror if isinstance(error, OSError) else missing
            raise UnreadableFile(files.summary, _EXPECTED, " ".join(str(reason).split())) from None

    @classmethod
    def _of(cls, values: dict[str, Any], files: OutputFiles) -> Self:
        detector = values["detector"]
        schema = TableSchema.from_json(detector["schema"])
        training = tuple(_profile(entry) for entry in detector["training"])
        counts = {}
        for column, profile in zip(schema.modeled, training, strict=True):
            bins = np.array([_count(count) for count in values["counts"][column.name]], np.int64)
            if len(bins) != len(profile.shares):
                raise InvalidInput(column.name, f"counts of {len(profile.shares)} bins", len(bins))
            counts[column.name] = bins
        scores = np.array([_number(score) for score in detector["scores"]])
        if not len(scores):
            raise InvalidInput("scores", "at least one", "none")
        return cls(
            data=_text(values["data"]),
            **{name: _count(values[name]) for name in ("rows", "scored", "rejected", "anomalies")},
            reasons={reason: _count(count) for reason, count in values["reasons"].items()},
            rejects=None if values["rejects"] is None else files.rejects,
            schema=schema,
            training=training,
            counts=counts,
            threshold=_number(detector["threshold"]),
            calibration=scores,
            above=_number(detector["above"]),
        )


def _profile(entry: dict[str, Any]) -> Profile:
    edges, shares = ([_number(number) for number in entry[name]] for name in ("edges", "shares"))
    if len(shares) < 2 or not all(0 <= share <= 1 for share in shares):
        raise InvalidInput("shares", "two or more numbers from 0 to 1", shares)
    return Profile(tuple(edges), tuple(shares))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise InvalidInput("summary", "a number", json.dumps(value)[:80])
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise InvalidInput("summary", "a count", json.dumps(value)[:80])
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput("summary", "a text", json.dumps(value)[:80])
    return value
