"""From names to sources."""

import pyarrow as pa
import pyarrow.parquet
import pytest

import tfvae


@pytest.mark.parametrize("name", ["t.npy", "t.csv", "t.parquet", "t.tfrecord", "*.csv", "folder/"])
def test_files_that_do_not_exist(name, tmp_path, error_message):
    if name == "folder/":
        (tmp_path / "folder").mkdir()
        assert "empty" in error_message(f"{tmp_path}/folder")
    else:
        assert str(tmp_path) in error_message(f"{tmp_path}/{name}")


def test_names_of_no_kind(tmp_path, error_message):
    assert ".parquet" in error_message("table.xlsx")
    (tmp_path / "table.xlsx").write_text("")
    assert "table.xlsx" in error_message(tmp_path / "table.xlsx")
    assert "table.xlsx" in error_message(tmp_path)


def test_columns_have_the_names_of_their_file(tmp_path):
    (tmp_path / "a.csv").write_text("height (m),label,width\n1,2,3\n")
    (tmp_path / "b.csv").write_text("1,2\n3,4\n")
    pa.parquet.write_table(pa.table({"height": [1.0], "y": [0]}), tmp_path / "c.parquet")
    pa.parquet.write_table(pa.table({"x": [[1.0, 2.0]]}), tmp_path / "d.parquet")
    names = ["a.csv", "b.csv", "c.parquet", "d.parquet"]
    found = [tfvae.data.source(tmp_path / name).columns for name in names]
    assert found == [("height (m)", "width"), None, ("height",), None]
    assert tfvae.data.source("sklearn:digits").columns is None
