"""From Arrow's columns to raw arrays, and the rows that cannot be read."""

import numpy as np
import pyarrow as pa
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data.tables.raw_columns import RawTable, input_names
from tfvae.data.tables.schema import ColumnSchema, TableSchema


def test_columns_come_in_any_order_and_type(table, layer):
    reader, batch = layer.raw_table(), table.combine_chunks().to_batches()[0]
    expected = reader.read(batch)
    texts = [
        column if pa.types.is_timestamp(column.type) else column.cast(pa.string()) for column in batch.columns
    ]
    shuffled = pa.record_batch(texts[::-1], names=batch.schema.names[::-1])
    found = reader.read(shuffled)
    assert found.reasons == expected.reasons == {}
    for name, value in expected.values.items():
        np.testing.assert_array_equal(found.values[name], value)


def test_unreadable_cells_have_a_reason_by_row():
    reader = RawTable(
        TableSchema((ColumnSchema("a", "real"), ColumnSchema("d", "date"), ColumnSchema("k", "key")))
    )
    batch = pa.record_batch(
        {
            "a": ["1", "one", "1_0", None, "3"],
            "d": ["2024-01-01", "2024-01-01", "", "", "yesterday"],
            "k": list("abcde"),
        }
    )
    assert reader.read(batch).reasons == {
        1: "column 'a': expected a number, found 'one'",
        2: "column 'a': expected a number, found '1_0'",
        3: "no value in any column that is modeled",
        4: "column 'd': expected a date, found 'yesterday'",
    }


def test_a_list_is_no_number():
    reader = RawTable(TableSchema((ColumnSchema("a", "real"), ColumnSchema("b", "real"))))
    raw = reader.read(pa.record_batch({"a": [[1.0], None], "b": [1.0, 2.0]}))
    assert raw.reasons == {0: "column 'a': expected a number, found [1.0]"}


def test_missing_columns_are_named(schema):
    reader = RawTable(schema)
    with pytest.raises(
        InvalidInput, match="a column 'x' .and 7 more., as in training, received unknown ones: 'X'"
    ):
        reader.check(["id", "X"])


def test_bytes_that_are_no_utf8():
    reader = RawTable(TableSchema((ColumnSchema("a", "category", ("u",)), ColumnSchema("k", "key"))))
    batch, reasons = reader.decoded(pa.record_batch({"a": [b"u", b"\xff"], "k": [b"1", b"2"]}))
    assert list(reasons) == [1]
    assert reasons[1].startswith("column 'a': expected UTF-8, found b'")
    assert batch.column("a").to_pylist()[0] == "u"


def test_input_names_are_identifiers_and_differ():
    names = input_names(["a b", "a_b", "A B", "", "ß", "1"])
    assert len({name.lower() for name in names.values()}) == 6
    assert all(name.isascii() and name.isidentifier() for name in names.values())
