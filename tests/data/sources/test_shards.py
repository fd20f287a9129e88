"""Several files as one source."""

import numpy as np
import pytest

import tfvae


@pytest.mark.parametrize("ending", ["parquet", "csv", "tfrecord"])
def test_shards_follow_each_other_by_name(ending, table, tmp_path, write_table, everything_of):
    x, y = table
    for i, start in enumerate((0, 100, 350)):
        stop = (100, 350, 1000)[i]
        write_table(tmp_path / f"part-{i}.{ending}", x[start:stop], y[start:stop])
    for name in (tmp_path, f"{tmp_path}/*.{ending}"):
        source = tfvae.data.source(name)
        assert source.size == (1000 if ending == "parquet" else None)
        read, label = everything_of(source, 64)
        np.testing.assert_array_equal(read, x)
        np.testing.assert_array_equal(label, y)


def test_arrays_follow_each_other(tmp_path, numbered, everything_of):
    np.save(tmp_path / "a.npy", numbered[:2000])
    np.save(tmp_path / "b.npy", numbered[2000:])
    np.testing.assert_array_equal(everything_of(tfvae.data.source(tmp_path))[0], numbered)


def test_files_that_differ(tmp_path, error_message):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    np.save(tmp_path / "b.npy", np.zeros((3, 4)))
    assert "b.npy" in error_message(tmp_path)
    (tmp_path / "b.npy").unlink()
    (tmp_path / "c.csv").write_text("a\n1\n")
    assert "files of one kind" in error_message(tmp_path)
