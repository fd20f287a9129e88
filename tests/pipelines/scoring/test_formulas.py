"""Formulas in CSV files: escaped in every record, column and name; all else unchanged."""

import csv
import io
import itertools

import pyarrow as pa
import pytest

from tfvae.pipelines.scoring.formulas import (
    escaped_cell,
    escaped_column,
    escaped_record,
    escaped_records,
    escaped_table,
)

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+A1",
    "-A1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "-1-1",
    "+1,5",
    "--1",
    "-",
    "=",
]
OTHERS = [
    "",
    "a",
    "-1",
    "+1",
    "-1.5e-3",
    "-.5",
    "+5.",
    "-inf",
    "-1 ",
    "a=b",
    " =1",
    "'=1",
    '"=1"',
    "1-1",
    "0x1",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_gets_an_apostrophe(cell):
    assert escaped_cell(cell.encode()) == b"'" + cell.encode()


@pytest.mark.parametrize("cell", OTHERS)
def test_numbers_and_other_texts_are_unchanged(cell):
    assert escaped_cell(cell.encode()) == cell.encode()


def as_record(cells, quoting):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator="").writerow(cells)
    return text.getvalue().encode()


def cells_of(record):
    [cells] = csv.reader(io.StringIO(record.decode(), newline=""))
    return cells


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_the_cells_of_a_record_are_escaped_one_by_one(quoting):
    for cells in itertools.permutations([*FORMULAS[:5], "a,=b", 'x"\n=y', "-2", ""], 3):
        expected = [escaped_cell(cell.encode()).decode() for cell in cells]
        assert cells_of(escaped_record(as_record(cells, quoting))) == expected


@pytest.mark.parametrize("record", [b'1.10,"x", " =",""', b'"a,=b",-1,"two\n=lines"', b'"""=1"",=2",a=', b""])
def test_a_record_without_formulas_keeps_its_bytes(record):
    assert escaped_record(record) == record


def test_a_quote_that_is_closed_before_the_formula_hides_nothing():
    assert cells_of(escaped_record(b'""=1,2')) == ["'=1", "2"]


def test_records_and_columns_are_escaped_as_their_cells():
    cells = [*FORMULAS, *OTHERS]
    expected = [escaped_cell(cell.encode()).decode() for cell in cells]
    records = [as_record(["a", cell, "b"], csv.QUOTE_MINIMAL) for cell in cells]
    chunks = pa.chunked_array([records[:5], records[5:], []], pa.binary())
    assert escaped_records(chunks).to_pylist() == [escaped_record(record) for record in records]
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view()):
        column = escaped_column(pa.chunked_array([[*cells, None]]).cast(kind))
        assert column.type == kind
        assert column.cast(pa.string()).to_pylist() == [*expected, None]
    named = escaped_column(pa.chunked_array([pa.array(cells).dictionary_encode()]))
    assert named.to_pylist() == expected
    assert escaped_column(pa.chunked_array([[b"=1", b"ab"]], pa.binary(2))).to_pylist() == [b"'=1", b"ab"]


def test_names_are_escaped_and_numbers_are_not():
    table = pa.table({"=a": [-1, 2], "-1": [-1.5, None], "b": [True, False]})
    assert escaped_table(table).equals(table.rename_columns(["'=a", "-1", "b"]))
