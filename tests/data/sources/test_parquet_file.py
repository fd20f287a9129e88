"""Parquet files of numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet

import tfvae


def test_nulls_integers_and_booleans(tmp_path, everything_of):
    columns = {"a": [1, None, 3], "b": [True, False, None], "y": pa.array([2, None, 0], pa.int8())}
    pa.parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    x, label = everything_of(tfvae.data.source(tmp_path / "t.parquet"))
    np.testing.assert_array_equal(x, np.float32([[1, 1], [np.nan, 0], [3, np.nan]]))
    np.testing.assert_array_equal(label, [2, -1, 0])


def test_columns_that_are_no_numbers(tmp_path, error_message):
    path = tmp_path / "t.parquet"

    def written(columns):
        pa.parquet.write_table(pa.table(columns), path)
        return error_message(path)

    assert "column 'b'" in written({"a": [1, 2], "b": ["x", "y"]})
    assert "row 2" in written({"x": [[1.0, 2.0], [3.0, 4.0], [5.0]]})
    assert "null" in written({"x": [[1.0, 2.0], None]})
    assert "column 'x'" in written({"x": [["a"], ["b"]]})
    assert "at least one row" in written({"a": pa.array([], pa.float32())})


def test_changed_bytes(tmp_path, error_message, change_bytes):
    x = np.random.default_rng(0).random((2000, 20), np.float32)
    path = tmp_path / "t.parquet"
    pa.parquet.write_table(pa.table({"x": list(x)}), path, write_page_checksum=True)
    assert "t.parquet" in error_message(change_bytes(path, 0.5))
