"""Rows of Parquet files, with their indices."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.files import table_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.parquet"


def test_rows_and_lines_are_numbered_across_batches(path):
    pyarrow.parquet.write_table(pa.table({"a": np.arange(20_000)}), path)
    file = table_file(path)
    assert (file.size, file.names, file.typed) == (20_000, ["a"], True)
    parts = list(file.rows())
    rows = np.concatenate([part.rows for part in parts])
    np.testing.assert_array_equal(rows, np.arange(20_000))
    np.testing.assert_array_equal(np.concatenate([part.lines for part in parts]), rows + 1)
    np.testing.assert_array_equal(np.concatenate([part.batch.column("a") for part in parts]), rows)
    assert not any(part.rejects for part in parts)


@pytest.mark.parametrize("content", [b"PAR1", b"", b"a,b\n1,2\n"])
def test_a_file_of_something_else(path, content):
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match="expected a Parquet table"):
        table_file(path)


def test_a_file_that_was_cut_off(path):
    pyarrow.parquet.write_table(pa.table({"a": np.random.default_rng(0).normal(size=50_000)}), path)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(UnreadableFile, match="t.parquet: expected a Parquet table"):
        table_file(path)


def test_views_are_read_as_strings_and_bytes(path):
    table = pa.table({"a": ["x", None, "a text longer than twelve bytes"], "b": [b"y", b"\xff", None]})
    views = pa.schema([("a", pa.string_view()), ("b", pa.binary_view())])
    pyarrow.parquet.write_table(table.cast(views), path)
    file = table_file(path)
    [part] = file.rows()
    assert file.schema.equals(table.schema)
    assert part.batch.to_pydict() == table.to_pydict()
    assert len(part.batch.filter(pa.array([True, False, True]))) == 2


def test_a_column_whose_rows_cannot_be_selected_is_named_at_once(path):
    pyarrow.parquet.write_table(pa.table({"a": pa.array([["x"]], pa.list_(pa.string_view()))}), path)
    with pytest.raises(UnreadableFile, match="column 'a' holds list"):
        table_file(path)
