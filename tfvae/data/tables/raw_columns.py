"""Arrow's columns as the arrays that a model's preprocessing takes, and the rows that cannot be read."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.data.tables.cells import numbers, seconds, texts
from tfvae.data.tables.schema import ColumnSchema, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

NOTHING = "no value in any column that is modeled"

_QUOTED = 60  # characters of a cell that a reason quotes


@dataclasses.dataclass(frozen=True)
class Raw:
    """Rows of a table as arrays.

    Attributes:
        values: an array [n] for each modeled column by the name of its input: float64 with NaN for missing
            (dates as seconds since 1970-01-01), or objects that are bytes, empty for missing.
        reasons: why a row cannot be used, by its index in the batch.
    """

    values: dict[str, np.ndarray]
    reasons: dict[int, str]


@final
class RawTable:
    """Reads the modeled columns of Arrow's batches by name, in any order and any suitable type.

    Args:
        schema: the kinds of the columns.

    Attributes:
        schema: the kinds of the columns.
        inputs: names of the inputs by those of the columns.

    Example:
        >>> import pyarrow as pa
        >>> columns = (ColumnSchema("age", "real"), ColumnSchema("city", "category", ("Ulm",)))
        >>> batch = pa.record_batch({"city": ["Ulm", None], "age": ["31", "old"]})
        >>> raw = RawTable(TableSchema(columns)).read(batch)
        >>> raw.values["age"], raw.reasons
        (array([31., nan]), {1: "column 'age': expected a number, found 'old'"})
    """

    def __init__(self, schema: TableSchema):
        self.schema = schema
        self.inputs = input_names(column.name for column in schema.modeled)

    def check(self, names: Iterable[str]) -> None:
        """Raise for a table without one of the modeled columns.

        Args:
            names: of the table's columns.

        Raises:
            InvalidInput: names the column, and unknown columns that may be the renamed one.
        """
        names = list(names)
        absent = [column.name for column in self.schema.modeled if column.name not in names]
        if not absent:
            return
        known = {column.name for column in self.schema.columns}
        unknown = [name for name in names if name not in known]
        more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        received = f"unknown ones: {', '.join(map(repr, unknown[:5]))}" if unknown else "no such column"
        raise InvalidInput("DATA", f"a column {absent[0]!r}{more}, as in training", received)

    def read(self, batch: pa.RecordBatch) -> Raw:
        """Return the values of the modeled columns, and the rows that cannot be used.

        Args:
            batch: rows of the table.

        Raises:
            InvalidInput: for a batch without one of the modeled columns.
        """
        self.check(batch.schema.names)
        values, reasons = {}, {}
        missing = np.ones(len(batch), bool)
        for column in self.schema.modeled:
            cells = batch.column(column.name)
            array, bad, absent = _cells(cells, column, self.schema.missing)
            values[self.inputs[column.name]] = array
            missing &= absent & ~bad
            for row in np.flatnonzero(bad):
                reasons.setdefault(int(row), _reason(column, cells[int(row)].as_py()))
        for row in np.flatnonzero(missing):
            reasons.setdefault(int(row), NOTHING)
        return Raw(values, reasons)

    def decoded(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[int, str]]:
        """Return a batch of bytes as texts, unchanged, and why rows cannot be read, by their index.

        Args:
            batch: rows of the table, whose columns are bytes.
        """
        import pyarrow as pa

        arrays, reasons = [], {}
        for name, cells in zip(batch.schema.names, batch.columns, strict=True):
            array, bad = texts(cells, (), trim=False)
            arrays.append(array)
            for row in np.flatnonzero(bad):
                reasons.setdefault(int(row), _reason(ColumnSchema(name, "key"), cells[int(row)].as_py()))
        return pa.record_batch(arrays, names=batch.schema.names), reasons


def input_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each column a name that an input of a graph can have, all different.

    Args:
        names: of the columns.

    Example:
        >>> input_names(["amount (EUR)", "amount_EUR", "2nd"])
        {'amount (EUR)': 'amount_EUR', 'amount_EUR': 'amount_EUR_2', '2nd': 'c_2nd'}
    """
    made: dict[str, str] = {}
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        safe = safe if safe[:1].isalpha() else f"c_{safe}" if safe else "column"
        taken, candidate, number = {other.lower() for other in made.values()}, safe, 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{safe}_{number}"
        made[name] = candidate
    return made


def _cells(
    cells: pa.Array, column: ColumnSchema, missing: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values [n], which of them are unreadable, and which are missing."""
    import pyarrow as pa

    if column.cell_type == "text":
        array, bad = texts(cells, missing)
        absent = array.is_null().to_numpy(zero_copy_only=False)
        return array.fill_null("").cast(pa.binary()).to_numpy(zero_copy_only=False), bad, absent
    array, bad = (seconds if column.cell_type == "date" else numbers)(cells, missing)
    if column.kind in ("category", "ordinal"):  # a text among numbers is a value never seen
        array, bad = np.where(bad, math.inf, array), np.zeros(len(bad), bool)
    return array, bad, np.isnan(array)


def _reason(column: ColumnSchema, cell: Any) -> str:
    found = repr(cell)
    if isinstance(cell, bytes):
        try:
            found = repr(cell.decode())
        except UnicodeDecodeError:
            return f"column {column.name!r}: expected UTF-8, found {found[:_QUOTED]}"
    return f"column {column.name!r}: expected a {column.cell_type}, found {found[:_QUOTED]}"
