"""Statistics of a column that is read once, in bounded memory: values, moments, order, a sample."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.data.tables.cells import has_single_values, numbers, seconds, texts

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_VALUES = 1000
_SAMPLE_SIZE = 10_000
_SKEW = 2.0


@final
class ColumnStatistics:
    """What a column's cells are, and what they look like as texts, numbers and dates.

    Args:
        name: the column's name.
        missing: texts that stand for a missing value.

    Attributes:
        type: name of the cells' type.
        single_values: whether cells are single numbers, texts, Booleans or dates.
        present: number of cells that are not missing.
        texts: the cells as texts.
        numbers: those cells that are numbers.
        num_dates: number of cells that are dates; counted only if some cells are no numbers.

    Example:
        >>> import pyarrow as pa
        >>> column = ColumnStatistics("age", missing=("",))
        >>> column.add(pa.array(["31", "", "old"]))
        >>> column.present, column.numbers.count
        (2, 1)
    """

    def __init__(self, name: str, missing: tuple[str, ...]):
        self.name, self._missing, self.type = name, missing, ""
        self.single_values, self.present = True, 0
        self.texts, self.numbers, self.num_dates = TextStatistics(), NumberStatistics(), 0

    def add(self, column: pa.Array) -> None:
        """Add cells.

        Args:
            column: [n].
        """
        self.single_values &= has_single_values(column.type)
        self.type = str(column.type)
        if not self.single_values:
            return
        cells, _ = texts(column, self._missing)
        present = len(cells) - cells.null_count
        self.present += present
        self.texts.add(cells)
        values, _ = numbers(column if _is_typed(column) else cells, self._missing)
        self.numbers.add(values[~np.isnan(values)])
        if self.numbers.count < present:
            times, _ = seconds(column if _is_typed(column) else cells, self._missing)
            self.num_dates += int((~np.isnan(times)).sum())


@final
class TextStatistics:
    """Different texts, and whether one of them is a number with leading zeros.

    Attributes:
        values: the different texts.
        leading_zeros: whether a text such as 01234 occurred.
    """

    def __init__(self):
        self.values, self.leading_zeros = ValueCounts(), False

    def add(self, cells: pa.Array) -> None:
        """Add texts.

        Args:
            cells: [n], null where missing.
        """
        import pyarrow.compute as pc

        self.values.add(cells)
        found = pc.any(pc.match_substring_regex(cells, r"^[+-]?0\d")).as_py()
        self.leading_zeros = self.leading_zeros or bool(found)


@final
class NumberStatistics:
    """Moments, order, different values and a sample of numbers; infinite ones are left out.

    Attributes:
        count: number of numbers.
        mean: their mean.
        low: the smallest.
        high: the largest.
        integers: whether all are integers.
        rising: whether each is larger than the one before.
        values: the different numbers.
        sample: a uniform sample of them.
    """

    def __init__(self):
        self.count, self.mean, self._squares = 0, 0.0, 0.0
        self.low, self.high, self._last = np.inf, -np.inf, -np.inf
        self.integers = self.rising = True
        self.values = ValueCounts()
        self.sample = UniformSample()

    def add(self, x: np.ndarray) -> None:
        """Add numbers.

        Args:
            x: float64 [n], without NaN.
        """
        import pyarrow as pa

        finite = x[np.isfinite(x)]
        if not len(finite):
            return
        self.values.add(pa.array(finite))
        self.rising &= bool(finite[0] > self._last and (np.diff(finite) > 0).all())
        self.integers &= bool((finite == np.floor(finite)).all())
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
        """Their variance."""
        return self._squares / self.count

    @property
    def skewed(self) -> bool:
        """Whether the upper tail of the sample is more than twice as long as the lower."""
        low, middle, high = np.quantile(self.sample.values, (0.05, 0.5, 0.95))
        return bool(high - middle > _SKEW * (middle - low))


@final
class ValueCounts:
    """How often each value occurs, up to 1,000 different ones.

    Attributes:
        counts: from values to numbers of occurrences.
        complete: whether there were no more different values.
    """

    def __init__(self):
        self.counts: Counter = Counter()
        self.complete = True

    def add(self, values: pa.Array) -> None:
        """Count values.

        Args:
            values: [n], null where missing.
        """
        import pyarrow.compute as pc

        if not self.complete:
            return
        for entry in pc.value_counts(values.drop_null()):
            self.counts[entry["values"].as_py()] += entry["counts"].as_py()
        self.complete = len(self.counts) <= _MOST_VALUES

    def sorted(self) -> tuple:
        """Return the values in order; none if there were too many."""
        return tuple(sorted(self.counts)) if self.complete else ()

    def repeated(self) -> tuple:
        """Return the values that occur twice or more, in order."""
        return tuple(value for value in self.sorted() if self.counts[value] > 1)


@final
class UniformSample:
    """A uniform sample of a stream of numbers, the same in each run: those with the smallest random draws.

    Args:
        size: largest number of numbers in the sample.

    Attributes:
        values: the sample, float64 [n].

    Example:
        >>> sample = UniformSample(size=3)
        >>> sample.add(np.arange(10.0))
        >>> len(sample.values)
        3
    """

    def __init__(self, size: int = _SAMPLE_SIZE):
        self._size, self._generator = size, np.random.default_rng(0)
        self.values, self._draws = np.empty(0), np.empty(0)

    def add(self, x: np.ndarray) -> None:
        """Add numbers.

        Args:
            x: [n].
        """
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
