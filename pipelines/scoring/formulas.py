"""Cells of a CSV file that a spreadsheet would run as formulas, with an apostrophe in front."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:inf)) *"
_FORMULA = re.compile(rf"(?!{_NUMBER}\Z)[=+\-@\t\r]".encode())
_FIELD = re.compile(rb'("(?:[^"]|"")*")?([^,]*)(,|\Z)')
_PERHAPS = r'(\A|,)"*[=+\-@\t\r]'  # in a record with a formula, and in some without


def escaped_cell(cell: bytes) -> bytes:
    """Return a cell with an apostrophe in front if it is a formula.

    A formula starts with `=`, `+`, `-`, `@`, a tab or a carriage return, and is no number.

    Args:
        cell: the bytes of the cell, without the quotes of CSV.

    Source: OWASP, CSV Injection.

    Example:
        >>> escaped_cell(b"=1+1"), escaped_cell(b"-1.5e3"), escaped_cell(b"a=b")
        (b"'=1+1", b'-1.5e3', b'a=b')
    """
    return b"'" + cell if _FORMULA.match(cell) else cell


def escaped_record(record: bytes) -> bytes:
    r"""Return a record of a CSV file with an apostrophe in front of each formula; other bytes are unchanged.

    Args:
        record: the bytes of the record, without its line end.

    Example:
        >>> escaped_record(b'-2,"=A1,B1"," =",@x')
        b'-2,"\'=A1,B1"," =",\'@x'
    """
    return _FIELD.sub(_escaped_field, record)


def escaped_records(records: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the records of a CSV file with an apostrophe in front of each formula.

    Args:
        records: bytes, each a record without its line end.
    """
    return pa.chunked_array([_escaped_chunk(chunk) for chunk in records.chunks], records.type)


def escaped_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of texts with an apostrophe in front of each formula; other columns are unchanged.

    Args:
        column: of any type; a dictionary becomes a column of its values.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_fixed_size_binary(column.type):
        column = column.cast(pa.binary())
    if not any(is_text(column.type) for is_text in _TEXTS):
        return column
    texts = column.cast(pa.large_binary())
    formulas = pc.match_substring_regex(texts, r"\A[=+\-@\t\r]")
    formulas = pc.and_not(formulas, pc.match_substring_regex(texts, rf"\A{_NUMBER}\z"))
    mark, nothing = (pa.scalar(text, pa.large_binary()) for text in (b"'", b""))
    return pc.if_else(formulas, pc.binary_join_element_wise(mark, texts, nothing), texts).cast(column.type)


def escaped_table(table: pa.Table) -> pa.Table:
    """Return a table with an apostrophe in front of each formula in its texts and names.

    Args:
        table: the table.

    Example:
        >>> escaped_table(pa.table({"@a": ["=1+1", "-1", None], "b": [-1, 2, 3]})).to_pydict()
        {"'@a": ["'=1+1", '-1', None], 'b': [-1, 2, 3]}
    """
    return pa.table([escaped_column(column) for column in table.columns], names=_escaped_names(table))


def _escaped_names(table: pa.Table) -> list[str]:
    return [escaped_cell(name.encode()).decode() for name in table.column_names]


def _escaped_chunk(records: pa.Array) -> pa.Array:
    perhaps = pc.match_substring_regex(records, _PERHAPS)
    changed = [escaped_record(record) for record in records.filter(perhaps).to_pylist()]
    return pc.replace_with_mask(records, perhaps, pa.array(changed, records.type))


def _escaped_field(field: re.Match[bytes]) -> bytes:
    quoted, rest, end = field[1] or b"", field[2], field[3]
    cell = quoted[1:-1].replace(b'""', b'"') + rest
    if escaped_cell(cell) == cell:
        return field[0]
    return (b"\"'" + quoted[1:] if quoted else b"'") + rest + end


_TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
)
