"""The schema of a table: the kind of each column, as a small file that a user can read and edit."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections import Counter
from pathlib import Path
from typing import Any, Self, final

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing

KINDS = ("real", "positive", "count", "category", "ordinal", "date", "key")
MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "<NA>")

_LISTED = ("category", "ordinal")
_KEYS = ("name", "kind", "values", "note")


@final
@dataclasses.dataclass(frozen=True)
class ColumnSchema:
    """The kind of one column.

    Args:
        name: the column's name in the table.
        kind: one of
            real: any number;
            positive: a number above 0, modeled by its logarithm;
            count: an integer of at least 0;
            category: one of several values, without an order;
            ordinal: one of several values, from the lowest to the highest;
            date: a day, with or without a time, of which weekday and hour are modeled;
            key: passed through, not modeled.
        values: of a category or an ordinal, all texts or all numbers; any other value counts as never seen.
            Empty means to be taken from the data.
        note: why the kind was chosen, for the reader.

    Raises:
        InvalidInput: names the column.

    Example:
        >>> ColumnSchema("size", "ordinal", ("S", "M", "L")).is_text
        True
    """

    name: str
    kind: str
    values: tuple[str | float, ...] = ()
    note: str = ""

    def __post_init__(self):
        column = f"column {self.name!r}"
        if self.kind not in KINDS:
            raise InvalidInput(f"{column}, kind", f"one of {', '.join(KINDS)}", repr(self.kind))
        object.__setattr__(self, "values", _checked_values(column, self.kind, self.values))

    @property
    def is_text(self) -> bool:
        """Whether the cells are texts, not numbers."""
        return self.kind == "key" or bool(self.values and isinstance(self.values[0], str))

    @property
    def cell_type(self) -> str:
        """What cells are read as: number, text or date."""
        return "date" if self.kind == "date" else "text" if self.is_text else "number"

    @property
    def stored_values(self) -> tuple[bytes | float, ...]:
        """The values as they are in `Raw`: texts as bytes."""
        return tuple(value.encode() if isinstance(value, str) else value for value in self.values)

    @property
    def complete(self) -> bool:
        """Whether no values have to be taken from the data."""
        return bool(self.values) or self.kind not in _LISTED


@final
@dataclasses.dataclass(frozen=True)
class TableSchema:
    """The kinds of a table's columns, and the texts that stand for a missing value.

    Args:
        columns: one for each column of the table.
        missing: texts that stand for a missing value in any column.

    Raises:
        InvalidInput: for two columns of one name.

    Example:
        >>> schema = TableSchema((ColumnSchema("id", "key"), ColumnSchema("age", "real")))
        >>> [column.name for column in schema.modeled]
        ['age']
    """

    columns: tuple[ColumnSchema, ...]
    missing: tuple[str, ...] = MISSING

    def __post_init__(self):
        twice = [name for name, count in Counter(column.name for column in self.columns).items() if count > 1]
        if twice:
            raise InvalidInput("columns", "each name once", f"column {twice[0]!r} twice")

    @property
    def modeled(self) -> tuple[ColumnSchema, ...]:
        """All columns but keys."""
        return tuple(column for column in self.columns if column.kind != "key")

    @classmethod
    def read(cls, path: str | os.PathLike) -> Self:
        """Return the schema of a file.

        Args:
            path: the file.

        Raises:
            UnreadableFile: for any other file; the message tells what is wrong and where.
        """
        expected = 'JSON with a list "columns" of {"name", "kind", "values"}'
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except (
            InvalidInput,
            KeyError,
            TypeError,
            ValueError,
        ) as error:  # also for files that are not JSON or not text
            raise UnreadableFile(path, expected, error) from None
        except OSError as error:
            raise UnreadableFile(path, expected, error.strerror) from None

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the schema of JSON values, from `as_json` or written by a user.

        Args:
            values: a dict with a list `columns` and, optionally, a list `missing`.

        Raises:
            InvalidInput: for entries that are missing, unknown or of another type.
        """
        if not isinstance(values, dict) or not isinstance(values.get("columns"), list):
            raise InvalidInput("schema", 'an object with a list "columns"', type(values).__name__)
        missing = values.get("missing", MISSING)
        if not isinstance(missing, list | tuple) or not all(isinstance(text, str) for text in missing):
            raise InvalidInput('"missing"', "a list of texts", missing)
        return cls(tuple(_column(entry) for entry in values["columns"]), tuple(missing))

    def as_json(self) -> dict[str, Any]:
        """Return the schema as JSON values."""
        columns = []
        for column in self.columns:
            entry = {"name": column.name, "kind": column.kind}
            columns.append(
                entry
                | ({"values": list(column.values)} if column.values else {})
                | ({"note": column.note} if column.note else {})
            )
        return {"missing": list(self.missing), "columns": columns}

    def text(self) -> str:
        """Return the content of the schema's file, JSON with a line for each column."""
        values = self.as_json()
        lines = ",\n".join("    " + json.dumps(column, ensure_ascii=False) for column in values["columns"])
        missing = json.dumps(values["missing"], ensure_ascii=False)
        return f'{{\n  "missing": {missing},\n  "columns": [\n{lines}\n  ]\n}}\n'

    def write(self, path: str | os.PathLike) -> None:
        """Write the schema's file; an existing file is replaced at the end.

        Args:
            path: the file.

        Raises:
            OSError: if the file cannot be written; an existing file is then unchanged.
        """
        with replacing(path) as temporary:
            temporary.write_text(self.text(), encoding="utf-8")


def _column(entry: Any) -> ColumnSchema:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise InvalidInput("columns", 'objects with a "name"', json.dumps(entry)[:80])
    name = entry["name"]
    unknown = [key for key in entry if key not in _KEYS]
    if unknown or "kind" not in entry:
        received = f"also {unknown[0]!r}" if unknown else "no kind"
        raise InvalidInput(f"column {name!r}", f"the keys {', '.join(_KEYS)}", received)
    return ColumnSchema(name, entry["kind"], entry.get("values", ()), str(entry.get("note", "")))


def _checked_values(column: str, kind: str, values: Any) -> tuple[str | float, ...]:
    if not isinstance(values, list | tuple):
        raise InvalidInput(f"{column}, values", "a list", repr(values))
    if values and kind not in _LISTED:
        raise InvalidInput(f"{column}, values", f"none for the kind {kind}", list(values))
    texts = [isinstance(value, str) for value in values]
    numbers = [
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    ]
    if not (all(texts) or all(numbers)):
        raise InvalidInput(f"{column}, values", "all texts or all finite numbers", list(values))
    if "" in values:
        raise InvalidInput(f"{column}, values", "texts that are not empty", list(values))
    if len(set(values)) != len(values):
        raise InvalidInput(f"{column}, values", "each value once", list(values))
    return tuple(values)
