"""From names to sources."""

import pytest


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
