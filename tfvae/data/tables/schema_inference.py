"""The kinds of a table's columns, inferred from its rows in one pass and bounded memory.

The kind of a column is the first of these that applies:

1. key, if all values are missing, or cells are times of day, durations, lists or other nested values;
2. of numbers or of dates, if at least 95 % of the values are; the others are rejected with their rows later.
   Texts with leading zeros such as 01234 are not numbers;
3. of numbers: category, if there are one (the column is constant) or two different values;
   key, if integers rise from row to row (a row index);
   ordinal, if there are at most 10 different values, each 5 times on average;
   count, if they are integers of at least 0 with a mean of at most 100 and a variance of at most 2 means;
   larger counts are nearly normal, and standardized they are learned as fast as other columns;
   positive, if all are above 0 and the upper tail is more than twice as long as the lower;
   real otherwise;
4. of texts and Booleans: category, if there are at most 200 different values, each twice on average;
   key otherwise.

The values of a category of texts are those that occur twice or more. What occurs once counts as never seen,
so that a model learns how often that happens (the estimate of Good 1953).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.column_statistics import ColumnStatistics
from tfvae.data.tables.rows import TableFile
from tfvae.data.tables.schema import MISSING, ColumnSchema, TableSchema

_SHARE = 0.95
_MOST_RANKS, _RANK_ROWS = 10, 5
_MOST_VALUES, _VALUE_ROWS = 200, 2
_INDEX_ROWS = 20  # rows from which on rising integers are no coincidence
_DISPERSION = 2.0
_LARGEST_MEAN = 100.0  # of a count
_CONSTANT = "constant: any other value counts as never seen"
_LARGEST_EXACT = 2**24  # up to which a float32 represents every integer


def infer(file: TableFile, given: TableSchema | None = None, rows: np.ndarray | None = None) -> TableSchema:
    r"""Return the schema of a table.

    Args:
        file: the table.
        given: what is known of all columns or some; kinds are kept, and values that it leaves out are filled
            in. None means nothing is known.
        rows: increasing indices of the rows to infer from, such as those that are not held out; None means
            all.

    Raises:
        InvalidInput: for a given column that is not in the table.
        UnreadableFile: for a damaged file, and one without rows.

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
            raise InvalidInput("schema", f"columns of {file.path.name}", f"{name!r}, which is not there")
    missing = given.missing if given else MISSING
    statistics = {
        name: ColumnStatistics(name, missing)
        for name in file.names
        if name not in known or not known[name].complete
    }
    count = 0
    if statistics or file.size is None:
        for part in file.rows():
            used = part.among(rows)
            count += int(used.sum())
            batch = part.batch if rows is None else part.batch.filter(used)
            for name, column in statistics.items():
                column.add(batch.column(name))
    if not (count or file.size):
        raise UnreadableFile(file.path, "at least one row", "it holds none that can be read")
    columns = (
        _complete(known[name], statistics.get(name)) if name in known else _infer_column(statistics[name])
        for name in file.names
    )
    return TableSchema(tuple(columns), tuple(missing))


def _complete(known: ColumnSchema, column: ColumnStatistics | None) -> ColumnSchema:
    if column is None:
        return known
    values = _values(column)
    if not values:
        raise InvalidInput(f"column {known.name!r}", f"values for the kind {known.kind}", "none in the data")
    return dataclasses.replace(known, values=values)


def _infer_column(column: ColumnStatistics) -> ColumnSchema:
    if not column.single_values:
        return ColumnSchema(column.name, "key", note=f"{column.type} values, which are not modeled")
    if not column.present:
        return ColumnSchema(column.name, "key", note="always missing")
    if _holds_numbers(column):
        return _infer_numbers(column)
    if column.num_dates >= _SHARE * column.present:
        return ColumnSchema(column.name, "date", note=_exceptions(column, column.num_dates, "dates"))
    return _infer_texts(column)


def _infer_numbers(column: ColumnStatistics) -> ColumnSchema:
    seen, different = column.numbers, len(column.numbers.values.counts)
    note = _exceptions(column, seen.count, "numbers")
    few = seen.values.complete
    if few and different <= 2:
        note = _CONSTANT if different == 1 else note
        return ColumnSchema(column.name, "category", _values(column), note)
    if seen.integers and seen.rising and seen.count >= _INDEX_ROWS:
        return ColumnSchema(column.name, "key", note="integers that rise from row to row")
    if few and different <= _MOST_RANKS and seen.count >= _RANK_ROWS * different:
        return ColumnSchema(column.name, "ordinal", _values(column), note)
    small = seen.low >= 0 and seen.mean <= _LARGEST_MEAN and seen.variance <= _DISPERSION * seen.mean
    if seen.integers and small:
        return ColumnSchema(column.name, "count", note=note)
    return ColumnSchema(column.name, "positive" if seen.low > 0 and seen.skewed else "real", note=note)


def _infer_texts(column: ColumnStatistics) -> ColumnSchema:
    seen = column.texts.values
    different = len(seen.counts)
    if seen.complete and different <= _MOST_VALUES and column.present >= _VALUE_ROWS * different:
        note = _CONSTANT if different == 1 else ""
        return ColumnSchema(column.name, "category", _values(column), note)
    return ColumnSchema(column.name, "key", note="many different texts")


def _holds_numbers(column: ColumnStatistics) -> bool:
    return column.numbers.count >= _SHARE * column.present > 0 and not column.texts.leading_zeros


def _values(column: ColumnStatistics) -> tuple[str | float, ...]:
    """Return the values of a category or an ordinal, in order; numbers if the column holds numbers."""
    numbers = column.numbers
    if _holds_numbers(column) and max(abs(numbers.low), abs(numbers.high)) <= _LARGEST_EXACT:
        return tuple(int(value) if value.is_integer() else value for value in numbers.values.sorted())
    return column.texts.values.repeated() or column.texts.values.sorted()


def _exceptions(column: ColumnStatistics, count: int, kind: str) -> str:
    return f"{column.present - count} values are no {kind}" if count < column.present else ""
