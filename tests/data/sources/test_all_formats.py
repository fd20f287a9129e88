"""What holds for every format: the array comes back, and damage is one line that names the file."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import tfvae

TABLES = (
    "t.npz",
    "compressed.npz",
    "columns_first.npz",
    "t.csv",
    "t.csv.gz",
    "t.parquet",
    "lists.parquet",
    "fixed_lists.parquet",
    "t.tfrecord",
    "columns.tfrecord.gz",
)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_back(name, table, tmp_path, everything_of, write_table):
    write_table(tmp_path / name, *table)
    source = tfvae.data.source(tmp_path / name)
    assert source.shape == (5,)
    assert not source.is_image
    assert source.size in (1000, None)
    assert source.label_dtype == np.int64
    for rows in (8192, 77):
        chunks = list(source.chunks(rows))
        assert all(0 < len(chunk["x"]) <= rows for chunk in chunks)
        x, label = everything_of(source, rows)
        assert x.dtype == np.float32
        assert label.dtype == np.int64
        np.testing.assert_array_equal(x, table[0])
        np.testing.assert_array_equal(label, table[1])


@pytest.mark.parametrize("keep", [0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize(
    "kind", ["npy", "npz", "parquet", "tfrecord", "tfrecord.gz", "idx", "idx.gz", "csv.gz"]
)
def test_a_file_that_was_cut_off(kind, keep, tmp_path, write_idx, write_records, error_message, cut_off):
    x = np.random.default_rng(0).random((2000, 20), np.float32)
    path = tmp_path / f"data.{kind}"
    match kind:
        case "npy":
            np.save(path, x)
        case "npz":
            np.savez_compressed(path, x=x)
        case "parquet":
            pa.parquet.write_table(pa.table({"x": list(x)}), path)
        case "tfrecord" | "tfrecord.gz":
            write_records(
                path, [{"x": row.tolist()} for row in x[:499]], "GZIP" if kind.endswith("gz") else None
            )
        case "idx" | "idx.gz":
            path = tmp_path / ("images-idx3-ubyte" + kind.removeprefix("idx"))
            write_idx(path, (x * 255).astype(np.uint8).reshape(-1, 5, 4))
        case "csv.gz":
            with gzip.open(path, "wt") as file:
                np.savetxt(file, x, delimiter=",")
    assert path.name in error_message(cut_off(path, keep))


@pytest.mark.parametrize(
    "name", ["t.npy", "t.npz", "t.csv", "t.csv.gz", "t.parquet", "t.tfrecord", "a-idx3-ubyte"]
)
def test_a_file_of_something_else(name, tmp_path, error_message):
    (tmp_path / name).write_bytes(bytes(range(1, 256)) * 20)
    assert name in error_message(tmp_path / name)
