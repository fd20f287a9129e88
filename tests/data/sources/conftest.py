"""Writers of the table formats, and what a source says of a file that it cannot read."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile


@pytest.fixture
def write_table(write_records):
    """Write x and whole labels in the way that the file's name says."""

    def write(path, x, y):
        columns = pa.table({**{f"c{i}": x[:, i] for i in range(x.shape[1])}, "label": y})
        rows = [(row.tolist(), [int(label)]) for row, label in zip(x, y, strict=True)]
        match path.name:
            case "compressed.npz":
                np.savez_compressed(path, data=x, labels=y.reshape(-1, 1))
            case "columns_first.npz":
                np.savez_compressed(path, X=np.asfortranarray(x), label=y)
            case "t.npz":
                np.savez(path, x=x, y=y)
            case "t.csv.gz":
                with gzip.open(path, "wb") as file:
                    pa.csv.write_csv(columns, file)
            case "lists.parquet":
                pa.parquet.write_table(pa.table({"label": y, "x": list(x)}), path)
            case "fixed_lists.parquet":
                lists = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])
                pa.parquet.write_table(pa.table({"embedding": lists, "class": y}), path)
            case "columns.tfrecord.gz":
                write_records(path, [{"b": row[2:], "a": row[:2], "y": label} for row, label in rows], "GZIP")
            case name if name.endswith(".csv"):
                pa.csv.write_csv(columns, path)
            case name if name.endswith(".parquet"):
                pa.parquet.write_table(columns, path, row_group_size=300)
            case name if name.endswith(".tfrecord"):
                write_records(path, [{"x": row, "label": label} for row, label in rows])

    return write


@pytest.fixture
def error_message():
    """Return a function that gives the one-line message of the error that reading a source ends with."""

    def message(name):
        with pytest.raises((InvalidInput, UnreadableFile)) as caught:
            for _ in tfvae.data.source(name).chunks(100):
                pass
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message


@pytest.fixture
def cut_off():
    """Return a function that keeps a fraction of a file."""

    def cut(path, fraction):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * fraction)])
        return path

    return cut


@pytest.fixture
def change_bytes():
    """Return a function that inverts 40 bytes at a fraction of a file."""

    def change(path, fraction):
        content = bytearray(path.read_bytes())
        start = int(len(content) * fraction)
        content[start : start + 40] = bytes(255 - b for b in content[start : start + 40])
        path.write_bytes(content)
        return path

    return change
