"""Arrays that the tests write and read back, and writers of IDX and TFRecord files."""

import gzip
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import tfvae


@pytest.fixture(scope="session")
def table():
    """X float32 [1000, 5], and integer labels [1000]."""
    generator = np.random.default_rng(7)
    x = generator.normal(size=(1000, 5)).astype(np.float32)
    return x, generator.integers(0, 4, 1000)


@pytest.fixture(scope="session")
def numbered():
    """Each row is its own index: float32 [5000, 1]."""
    return np.arange(5000, dtype=np.float32).reshape(-1, 1)


KINDS = ["array", "npy", "parquet", "csv", "shards", "npz", "tfrecord"]


@pytest.fixture(params=KINDS)
def source(request, numbered, tmp_path, write_records):
    """A source of the numbers 0 ... 4999, one in each row."""
    match request.param:
        case "array":
            return tfvae.data.Arrays(numbered)
        case "npy":
            np.save(tmp_path / "t.npy", numbered)
        case "parquet":
            pa.parquet.write_table(
                pa.table({"a": numbered[:, 0]}), tmp_path / "t.parquet", row_group_size=999
            )
        case "csv":
            np.savetxt(tmp_path / "t.csv", numbered, header="a", comments="")
        case "shards":
            for i, part in enumerate(np.array_split(numbered, 7)):
                np.save(tmp_path / f"{i}.npy", part)
        case "npz":
            np.savez_compressed(tmp_path / "t.npz", x=numbered)
        case "tfrecord":
            write_records(tmp_path / "t.tfrecord", [{"x": row.tolist()} for row in numbered])
    return tfvae.data.source(tmp_path)


@pytest.fixture(scope="session")
def write_idx():
    """Writes an array as an IDX file, gzipped if the path says so: (path, array)."""
    return _write_idx


@pytest.fixture(scope="session")
def write_records():
    """Writes dicts as tf.train.Example, and bytes as they are: (path, examples, compression)."""
    return _write_records


@pytest.fixture(scope="session")
def everything_of():
    """Gives all x of a source, and all labels or None: (source, rows)."""
    return _everything_of


def _write_idx(path, array):
    codes = {"uint8": 0x08, "int16": 0x0B, "float32": 0x0D, "float64": 0x0E}
    content = bytes([0, 0, codes[array.dtype.name], array.ndim]) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wb") as file:
        file.write(content)
    return path


def _write_records(path, examples, compression=None):
    """Write dicts of name -> list of float, list of int, or bytes."""
    import tensorflow as tf

    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if value and isinstance(value[0], int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=value))
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))

    with tf.io.TFRecordWriter(str(path), compression) as file:
        for example in examples:
            if isinstance(example, dict):
                features = {name: feature(value) for name, value in example.items()}
                example = tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
            file.write(example)
    return path


def _everything_of(source, rows=8192):
    """All x and all labels (None if there are none) of a source."""
    chunks = list(source.chunks(rows))
    label = np.concatenate([chunk["label"] for chunk in chunks]) if "label" in chunks[0] else None
    return np.concatenate([chunk["x"] for chunk in chunks]), label
