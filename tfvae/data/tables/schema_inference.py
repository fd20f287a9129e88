"""What the columns of a table hold, told from its rows in one pass and bounded memory.

A column is, by the first of these that holds:

1. key, where no value is there at all, or the cells are lists or other nested values;
2. of numbers or of dates, where at least 95 % of its values are; the others are rejected as rows later, and
   texts with zeros before a number, such as 01234, are no numbers;
3. numbers: category, where they are one value (the column is constant) or two;
   key, where integers rise from each row to the next (a row's number);
   ordinal, where there are at most 10 values, each of them there 5 times on average;
   count, where they are whole, at least 0, and spread as counts are: variance at most 2 means;
   positive, where all are above 0 and the upper tail is more than twice as long as the lower;
   real otherwise;
4. texts and truth values: category, where there are at most 200 values, each there twice on average;
   key otherwise.

The values of a category of texts are those that occur twice or more: what occurs once counts as never seen,
so that a model learns how often that happens (the estimate of Good 1953).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.cells import is_plain, numbers, seconds, texts
from tfvae.data.tables.files import TableFile
from tfvae.data.tables.schema import MISSING, ColumnSchema, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

_SHARE = 0.95
_MOST_RANKS, _RANK_ROWS = 10, 5
_MOST_VALUES, _VALUE_ROWS = 200, 2
_MOST_COUNTED = 1000  # different values of a column that are remembered
_COUNTER_ROWS = 20  # by which rising numbers are known for no accident
_DISPERSION = 2.0
_SKEW = 2.0
_LARGEST_EXACT = 2**24  # integers that a float32 holds
_SAMPLE = 10_000


def infer(file: TableFile, given: TableSchema | None = None) -> TableSchema:
    r"""Return the schema of a table.

    Args:
        file: the table.
        given: what is known already, of all columns or of some; its kinds are kept, and values that it leaves
            out are filled in.

    Raises:
        InvalidInput: a given column is not in the table.
        UnreadableFile: the file is damaged, or holds no row.

    Example:
        >>> import pathlib, tempfile
        >>> from tfvae.data.tables.files import table_file
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
        >>> rows = (f"{i},{i * 0.37 % 1:.2f},{'ab'[i % 2]}" for i in range(50))
        >>> _ = path.write_text("id,x,group\n" + "\n".join(rows))
        >>> [(column.name, column.kind) for column in infer(table_file(path)).columns]
        [('id', 'key'), ('x', 'real'), ('group', 'category')]
    """
    known = {column.name: column for column in given.columns} if given else {}
    for name in known:
        if name not in file.names:
            raise InvalidInput("schema", f"columns of {file.path}", f"{name!r}, which is not there")
    missing = given.missing if given else MISSING
    looks = [_Look(name, missing) for name in file.names if name not in known or not known[name].complete]
    rows = 0
    if looks or file.size is None:
        for part in file.rows():
            rows += len(part.rows)
            for look in looks:
                look.add(part.batch.column(look.name))
    if not (rows or file.size):
        raise UnreadableFile(file.path, "at least one row", "it holds none that can be read")
    found = {look.name: look for look in looks}
    return TableSchema(
        tuple(_column(known.get(name), found.get(name)) for name in file.names), tuple(missing)
    )


def _column(known: ColumnSchema | None, look: _Look | None) -> ColumnSchema:
    if known is None:
        return look.column()
    if known.complete:
        return known
    values = look.values()
    if not values:
        raise InvalidInput(f"column {known.name!r}", f"values for the kind {known.kind}", "none in the data")
    return dataclasses.replace(known, values=values)


class _Look:
    """What was seen of a column."""

    def __init__(self, name: str, missing: tuple[str, ...]):
        self.name, self.missing = name, missing
        self.plain, self.rows = True, 0
        self.texts, self.numbers, self.dates = _Texts(), _Numbers(), 0

    def add(self, column: pa.Array) -> None:
        if not is_plain(column.type):
            self.plain = False
        if not self.plain:
            return
        cells, _ = texts(column, self.missing)
        present = len(cells) - cells.null_count
        self.rows += present
        self.texts.add(cells)
        values, _ = numbers(column if _is_typed(column) else cells, self.missing)
        self.numbers.add(values[~np.isnan(values)])
        if self.numbers.count < present:
            times, _ = seconds(column if _is_typed(column) else cells, self.missing)
            self.dates += int((~np.isnan(times)).sum())

    def column(self) -> ColumnSchema:
        """Return the kind, by the rules above."""
        if not self.plain:
            return ColumnSchema(self.name, "key", note="nested values")
        if not self.rows:
            return ColumnSchema(self.name, "key", note="always missing")
        if self.numbers.count >= _SHARE * self.rows and not self.texts.padded:
            return self._of_numbers()
        if self.dates >= _SHARE * self.rows:
            return ColumnSchema(self.name, "date", note=self._odd(self.dates, "dates"))
        return self._of_texts()

    def values(self) -> tuple[str | float, ...]:
        """Return the values of a category or an ordinal, in order: numbers where all are numbers."""
        if self.numbers.count >= _SHARE * self.rows > 0 and not self.texts.padded and self._exact:
            return tuple(
                int(value) if value.is_integer() else value for value in self.numbers.values.sorted()
            )
        return self.texts.values.repeated() or self.texts.values.sorted()

    @property
    def _exact(self) -> bool:
        return max(abs(self.numbers.low), abs(self.numbers.high)) <= _LARGEST_EXACT

    def _of_numbers(self) -> ColumnSchema:
        seen, different = self.numbers, len(self.numbers.values.counts)
        note = self._odd(seen.count, "numbers")
        few = seen.values.complete
        if few and different <= 2:
            constant = "constant: any other value counts as never seen" if different == 1 else note
            return ColumnSchema(self.name, "category", self.values(), constant)
        if seen.whole and seen.rising and seen.count >= _COUNTER_ROWS:
            return ColumnSchema(self.name, "key", note="integers that rise from row to row")
        if few and different <= _MOST_RANKS and seen.count >= _RANK_ROWS * different:
            return ColumnSchema(self.name, "ordinal", self.values(), note)
        if seen.whole and seen.low >= 0 and seen.variance <= _DISPERSION * seen.mean:
            return ColumnSchema(self.name, "count", note=note)
        return ColumnSchema(self.name, "positive" if seen.low > 0 and seen.skewed else "real", note=note)

    def _of_texts(self) -> ColumnSchema:
        seen = self.texts.values
        different = len(seen.counts)
        if seen.complete and different <= _MOST_VALUES and self.rows >= _VALUE_ROWS * different:
            note = "constant: any other value counts as never seen" if different == 1 else ""
            return ColumnSchema(self.name, "category", self.values(), note)
        return ColumnSchema(self.name, "key", note="many different texts")

    def _odd(self, count: int, what: str) -> str:
        return f"{self.rows - count} values are no {what}" if count < self.rows else ""


class _Values:
    """How often each value occurs, as long as there are few."""

    def __init__(self):
        self.counts: Counter = Counter()
        self.complete = True

    def add(self, values: pa.Array) -> None:
        import pyarrow.compute as pc

        if not self.complete:
            return
        for entry in pc.value_counts(values.drop_null()):
            self.counts[entry["values"].as_py()] += entry["counts"].as_py()
        self.complete = len(self.counts) <= _MOST_COUNTED

    def sorted(self) -> tuple:
        return tuple(sorted(self.counts)) if self.complete else ()

    def repeated(self) -> tuple:
        return tuple(value for value in self.sorted() if self.counts[value] > 1)


class _Texts:
    """Texts, and whether one of them has zeros before a number."""

    def __init__(self):
        self.values, self.padded = _Values(), False

    def add(self, cells: pa.Array) -> None:
        import pyarrow.compute as pc

        self.values.add(cells)
        padded = pc.any(pc.match_substring_regex(cells, r"^[+-]?0\d")).as_py()
        self.padded = self.padded or bool(padded)


class _Numbers:
    """Moments, order and a sample of numbers."""

    def __init__(self):
        self.count, self.mean, self._squares = 0, 0.0, 0.0
        self.low, self.high, self._last = np.inf, -np.inf, -np.inf
        self.whole = self.rising = True
        self.values = _Values()
        self.sample = Sample()

    def add(self, x: np.ndarray) -> None:
        import pyarrow as pa

        finite = x[np.isfinite(x)]
        if not len(finite):
            return
        self.values.add(pa.array(finite))
        self.rising &= bool(finite[0] > self._last and (np.diff(finite) > 0).all())
        self.whole &= bool((finite == np.floor(finite)).all())
        self.low, self.high = min(self.low, finite.min()), max(self.high, finite.max())
        self._last = finite[-1]
        total = self.count + len(finite)
        with np.errstate(over="ignore"):
            step = finite.mean() - self.mean
            self._squares += finite.var() * len(finite) + step**2 * self.count * len(finite) / total
        self.mean += step * len(finite) / total
        self.count = total
        self.sample.add(finite)

    @property
    def variance(self) -> float:
        return self._squares / self.count

    @property
    def skewed(self) -> bool:
        low, middle, high = np.quantile(self.sample.values, (0.05, 0.5, 0.95))
        return high - middle > _SKEW * (middle - low)


class Sample:
    """A uniform sample of a stream of numbers [n], the same in each run: those with the smallest draws.

    Example:
        >>> sample = Sample(size=3)
        >>> sample.add(np.arange(10.0))
        >>> len(sample.values)
        3
    """

    def __init__(self, size: int = _SAMPLE):
        self._size, self._generator = size, np.random.default_rng(0)
        self.values, self._draws = np.empty(0), np.empty(0)

    def add(self, x: np.ndarray) -> None:
        """Take in more numbers."""
        draws = np.concatenate([self._draws, self._generator.random(len(x))])
        values = np.concatenate([self.values, x])
        if len(draws) > self._size:
            kept = np.argpartition(draws, self._size)[: self._size]
            draws, values = draws[kept], values[kept]
        self._draws, self.values = draws, values


def _is_typed(column: pa.Array) -> bool:
    import pyarrow as pa

    kind = column.type
    untyped = (pa.types.is_binary, pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean)
    return not any(is_one(kind) for is_one in untyped)
