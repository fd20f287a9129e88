"""Profiles of a table's columns: location and scale of their numbers, and the shares of bins."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.column_statistics import UniformSample
from tfvae.data.tables.raw_columns import Raw, RawTable
from tfvae.data.tables.rows import TableFile
from tfvae.data.tables.schema import ColumnSchema, TableSchema

_BINS = 10
_NORMAL_QUARTILES = 1.349  # distance of the quartiles of a normal distribution, in standard deviations
_FAR_BELOW = 1e-3
_DAY, _HOUR = 86400, 3600
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@final
@dataclasses.dataclass(frozen=True)
class Profile:
    """The distribution of one column's values.

    Attributes:
        edges: edges between the bins of numbers, which are the different deciles; empty for values and dates.
        shares: of the bins, of the values, or of the weekdays from Monday; then the share of values never
            seen; then that of missing values. They add up to 1.
        loc: median of the numbers, or for a positive column of their logarithms.
        scale: interquartile range divided by that of N(0, 1); if it is 0, the standard deviation, or 1.
        lowest: for a positive column, what smaller numbers are replaced by.
        highest: the largest number.
        hours: whether there are different times of day.
    """

    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    loc: float = 0.0
    scale: float = 1.0
    lowest: float = 0.0
    highest: float = 0.0
    hours: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


def profiles(file: TableFile, schema: TableSchema, rows: np.ndarray | None = None) -> list[Profile]:
    """Return a profile of each modeled column, from one pass in bounded memory.

    Quantiles are those of a uniform sample of 10,000 rows. Rows that cannot be read are left out.

    Args:
        file: the table.
        schema: the kinds of its columns.
        rows: increasing indices of the rows to use, such as those that are not held out; None means all.

    Raises:
        InvalidInput: for a column of the schema that is not in the table.
        UnreadableFile: for a damaged file, and one in which no row can be read.
    """
    table = RawTable(schema)
    table.check(file.names)
    builders = [_ProfileBuilder(column, table.inputs[column.name]) for column in schema.modeled]
    count = 0
    for part in file.rows():
        raw = table.read(part.batch)
        usable = part.among(rows)
        usable[list(raw.reasons)] = False
        count += int(usable.sum())
        for builder in builders:
            builder.add(raw.values[builder.input][usable])
    if not count:
        raise UnreadableFile(file.path, "at least one row with a value", "it holds none")
    return [builder.profile() for builder in builders]


def counted(schema: TableSchema, known: Sequence[Profile], raw: Raw) -> dict[str, np.ndarray]:
    """Return the number of rows in each bin of each column's profile, in the order of its shares, by column.

    Args:
        schema: the kinds of the columns.
        known: profiles of the modeled columns in training.
        raw: rows to count.

    Example:
        >>> schema = TableSchema((ColumnSchema("x", "real"),))
        >>> raw = Raw({"x": np.array([-1.0, 2.0, 3.0, np.nan])}, {})
        >>> counted(schema, [Profile(edges=(0.0,), shares=(0.5, 0.5, 0.0, 0.0))], raw)
        {'x': array([1, 2, 0, 1])}
    """
    names = RawTable(schema).inputs
    return {
        column.name: _bin_counts(column, raw.values[names[column.name]], profile.edges)
        for column, profile in zip(schema.modeled, known, strict=True)
    }


def stability_index(expected: np.ndarray, actual: np.ndarray, rows: int) -> float:
    """Return the population stability index, sum over bins of (a - e) log(a / e).

    Shares of 0 are replaced by that of half a row.

    Args:
        expected: e, shares in training, [bins].
        actual: a, shares now, [bins].
        rows: number of rows now.

    Source: Siddiqi 2006, chapter 6; below 0.1 is usually called stable, above 0.25 shifted.

    Example:
        >>> stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5]), 100)
        0.0
    """
    least = 0.5 / max(rows, 1)
    expected, actual = (np.maximum(np.asarray(shares, float), least) for shares in (expected, actual))
    return float(((actual - expected) * np.log(actual / expected)).sum())


class _ProfileBuilder:
    """Collects what the profile of one column needs."""

    def __init__(self, column: ColumnSchema, name: str):
        self.column, self.input = column, name
        self._sample, self._counts, self._rows = UniformSample(), Counter(), 0
        self._missing, self._smallest, self._largest = 0, np.inf, 0.0
        self._hours: set[float] = set()

    def add(self, values: np.ndarray) -> None:
        self._rows += len(values)
        if self.column.cell_type != "number" or self.column.values:
            self._counts.update(dict(enumerate(_bin_counts(self.column, values, ()).tolist())))
            if self.column.kind == "date":
                hours = np.floor(values[np.isfinite(values)] % _DAY / _HOUR)
                self._hours.update(hours.tolist())
            return
        self._missing += int(np.isnan(values).sum())
        finite = values[np.isfinite(values)]
        if self.column.kind == "positive":
            finite = finite[finite > 0]
        self._sample.add(finite)
        self._smallest = min(self._smallest, finite.min(initial=np.inf))
        self._largest = max(self._largest, finite.max(initial=0.0))

    def profile(self) -> Profile:
        if self._counts:
            shares = np.array([self._counts[place] for place in sorted(self._counts)]) / self._rows
            return Profile(shares=tuple(shares.tolist()), hours=len(self._hours) > 1)
        values = self._sample.values
        if not len(values):  # nothing to learn from: later values are not scaled
            return Profile(edges=(), shares=(0.0, 0.0, 1.0), lowest=_FAR_BELOW)
        edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS))
        bins = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)
        missing = self._missing / self._rows
        shares = (*(bins * (1 - missing)).tolist(), 0.0, missing)
        scaled = np.log(values) if self.column.kind == "positive" else values
        lowest = _FAR_BELOW * self._smallest if np.isfinite(self._smallest) and self._smallest > 0 else 0.0
        return Profile(
            tuple(edges.tolist()),
            shares,
            float(np.median(scaled)),
            _scale(scaled),
            lowest,
            float(self._largest),
        )


def _scale(values: np.ndarray) -> float:
    low, high = np.quantile(values, (0.25, 0.75))
    for scale in ((high - low) / _NORMAL_QUARTILES, values.std()):
        if np.isfinite(scale) and scale > 1e-12 * max(abs(low), abs(high)):
            return float(scale)
    return 1.0


def _bin_counts(column: ColumnSchema, values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """Return the number of values in each bin, of those never seen, and of missing ones."""
    if column.kind == "date":
        known = np.isfinite(values)
        weekday = (np.floor(values[known] / _DAY).astype(int) + 3) % 7
        bins, missing, unknown = np.bincount(weekday, minlength=len(WEEKDAYS)), (~known).sum(), 0
    elif column.values:
        bins = np.array([(values == value).sum() for value in column.stored_values])
        missing = (values == b"").sum() if column.is_text else np.isnan(values).sum()
        unknown = len(values) - bins.sum() - missing
    else:
        known = values[~np.isnan(values)]
        bins = np.bincount(np.searchsorted(np.asarray(edges), known), minlength=len(edges) + 1)
        missing, unknown = len(values) - len(known), 0
    return np.array([*bins, unknown, missing], np.int64)
