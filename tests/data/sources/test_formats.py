"""Every format gives back the array it was written from."""

import gzip
import pathlib
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from PIL import Image

import tfvae
from tfvae.core.errors import InvalidInput

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


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i2", "u1", "?"])
def test_npy_of_any_number_comes_back(dtype, order, tmp_path, everything_of):
    stored = np.asarray(np.random.default_rng(0).integers(0, 2, (50, 3)), dtype, order=order)
    np.save(tmp_path / "t.npy", stored)
    source = tfvae.data.source(tmp_path / "t.npy")
    assert (source.shape, source.size, source.label_dtype) == ((3,), 50, None)
    x, label = everything_of(source, 7)
    np.testing.assert_array_equal(x, stored.astype(np.float32))
    assert label is None


def test_npz_members_of_many_chunks_come_back_with_their_checksum_verified(tmp_path, everything_of):
    x = np.random.default_rng(0).random((30_000, 4), np.float32)
    np.savez_compressed(tmp_path / "t.npz", x=x)
    np.testing.assert_array_equal(everything_of(tfvae.data.source(tmp_path / "t.npz"), 1000)[0], x)


@pytest.mark.parametrize("zipped", ["", ".gz"])
def test_idx_images_are_scaled_and_labeled(zipped, tmp_path, everything_of, write_idx):
    generator = np.random.default_rng(1)
    images = {
        part: generator.integers(0, 256, (n, 6, 4), np.uint8) for part, n in (("train", 9), ("t10k", 5))
    }
    for part, pixels in images.items():
        write_idx(tmp_path / f"{part}-images-idx3-ubyte{zipped}", pixels)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte{zipped}", np.arange(len(pixels), dtype=np.uint8))
    locations = {
        f"idx:{tmp_path}": "train",
        f"idx:{tmp_path}/train": "train",
        f"idx:{tmp_path}/test": "t10k",
        str(tmp_path): "train",
        f"{tmp_path}/t10k-images-idx3-ubyte{zipped}": "t10k",
        f"idx:{tmp_path}/t10k-images-idx3-ubyte{zipped}": "t10k",
    }
    for name, part in locations.items():
        source = tfvae.data.source(name)
        assert (source.shape, source.is_image, source.size) == ((6, 4, 1), True, len(images[part]))
        x, label = everything_of(source, 4)
        np.testing.assert_array_equal(x, images[part][..., None] / np.float32(255))
        np.testing.assert_array_equal(label, np.arange(len(images[part])))


def test_idx_without_labels_and_of_floats(tmp_path, everything_of, write_idx):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    source = tfvae.data.source(f"idx:{write_idx(tmp_path / 'table.idx2', x)}")
    assert source.label_dtype is None
    np.testing.assert_array_equal(everything_of(source)[0], x)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
def test_folder_of_pictures_with_labels(mode, channels, tmp_path, everything_of):
    generator = np.random.default_rng(2)
    expected = []
    for name in ("b_dog", "a_cat"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("passed over")
        for i in range(3):
            pixels = generator.integers(0, 256, (5, 7, channels), np.uint8)
            Image.fromarray(pixels.squeeze()).save(tmp_path / name / f"{i}.png")
            expected.append((name, i, pixels))
    source = tfvae.data.source(tmp_path)
    assert (source.shape, source.size, source.label_names) == ((5, 7, channels), 6, ["a_cat", "b_dog"])
    x, label = everything_of(source, 4)
    np.testing.assert_array_equal(label, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(
        x, np.stack([p for *_, p in sorted(expected, key=lambda e: e[:2])]) / np.float32(255)
    )


def test_flat_folder_of_jpegs_has_no_labels(tmp_path, everything_of):
    Image.new("L", (4, 4), 255).save(tmp_path / "one.jpg")
    source = tfvae.data.source(str(tmp_path))
    assert source.label_dtype is None
    np.testing.assert_array_equal(everything_of(source)[0], np.ones((1, 4, 4, 1)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_inside_records(kind, tmp_path, everything_of, write_records):
    Image.effect_noise((6, 4), 50).save(tmp_path / f"a.{kind}")
    encoded, pixels = (tmp_path / f"a.{kind}").read_bytes(), np.asarray(Image.open(tmp_path / f"a.{kind}"))
    write_records(tmp_path / "t.tfrecord", [{"image": encoded, "label": [i]} for i in range(5)])
    source = tfvae.data.source(tmp_path / "t.tfrecord")
    assert (source.shape, source.is_image) == ((4, 6, 1), True)
    x, label = everything_of(source, 2)
    # JPEG decoders may differ by a rounding.
    tolerance = 0 if kind == "PNG" else 2 / 255
    np.testing.assert_allclose(x, np.stack([pixels[..., None] / np.float32(255)] * 5), atol=tolerance)
    np.testing.assert_array_equal(label, range(5))


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


def test_npy_shards(tmp_path, numbered, everything_of):
    np.save(tmp_path / "a.npy", numbered[:2000])
    np.save(tmp_path / "b.npy", numbered[2000:])
    np.testing.assert_array_equal(everything_of(tfvae.data.source(tmp_path))[0], numbered)


def test_csv_gaps_headers_and_late_decimals(tmp_path, everything_of):
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\n1,,0\nnan,inf,\n-inf,4,2\n")
    x, label = everything_of(tfvae.data.source(path))
    np.testing.assert_array_equal(x, np.float32([[1, np.nan], [np.nan, np.inf], [-np.inf, 4]]))
    np.testing.assert_array_equal(label, [0, -1, 2])
    path.write_text("a,y\n1,true\n2,false\n")
    np.testing.assert_array_equal(everything_of(tfvae.data.source(path))[1], [1, 0])
    path.write_text("1,2\n3,4\n")  # no header: its first line must not vanish
    np.testing.assert_array_equal(everything_of(tfvae.data.source(path))[0], [[1, 2], [3, 4]])
    path.write_text("a\n" + "1\n" * 1_000_000 + "0.5\n")  # integers in the first block only
    assert everything_of(tfvae.data.source(path))[0][-1] == np.float32(0.5)


def test_parquet_nulls_whole_numbers_and_truths(tmp_path, everything_of):
    columns = {"a": [1, None, 3], "b": [True, False, None], "y": pa.array([2, None, 0], pa.int8())}
    pa.parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    x, label = everything_of(tfvae.data.source(tmp_path / "t.parquet"))
    np.testing.assert_array_equal(x, np.float32([[1, 1], [np.nan, 0], [3, np.nan]]))
    np.testing.assert_array_equal(label, [2, -1, 0])


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("digits", (8, 8, 1), 1797),
        ("breast_cancer", (30,), 569),
        ("wine", (13,), 178),
        ("iris", (4,), 150),
        ("diabetes", (10,), 442),
    ],
)
def test_scikit_learn_sets(name, shape, size, everything_of):
    source = tfvae.data.source(f"sklearn:{name}")
    assert (source.shape, source.size, source.is_image) == (shape, size, name == "digits")
    x, label = everything_of(source)
    assert x.shape == (size, *shape)
    assert len(label) == size
    if source.is_image:
        assert (x.min(), x.max()) == (0, 1)


def test_meaning_of_arrays(everything_of):
    bytes_ = np.array([0, 51, 255], np.uint8)
    for array, shape, first in (
        (bytes_, (1,), [0, 51, 255]),  # one column: numbers
        (bytes_.reshape(3, 1, 1), (1, 1, 1), [0, 0.2, 1]),  # pictures
        (bytes_.reshape(3, 1, 1, 1), (1, 1, 1), [0, 0.2, 1]),
        (bytes_.reshape(3, 1, 1).astype(float), (1, 1, 1), [0, 51, 255]),  # floats are taken as they are
    ):
        source = tfvae.data.Arrays(array)
        assert (source.shape, source.is_image) == (shape, len(shape) == 3)
        np.testing.assert_array_equal(everything_of(source)[0].reshape(-1), np.float32(first))
    assert np.isposinf(everything_of(tfvae.data.Arrays(np.array([[1e300]])))[0]).all()


def test_chunks_belong_to_the_caller():
    x = np.zeros((4, 2), np.float32)
    source = tfvae.data.Arrays(x)
    next(source.chunks())["x"][:] = 5
    assert not x.any()
    with pytest.raises(InvalidInput, match="rows"):
        source.chunks(rows=0)


def test_importing_starts_no_framework():
    code = (
        "import sys, tfvae.data; tfvae.data.source('sklearn:iris')\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pyarrow', 'PIL', 'tensorflow_datasets'}\n"
        "assert not heavy & set(sys.modules)"
    )
    root = pathlib.Path(tfvae.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
