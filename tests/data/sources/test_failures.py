"""Damaged, odd and missing files: one line that names the file, and the row where that is known."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile

REFUSALS = (InvalidInput, UnreadableFile)


def refusal(name):
    """The message of the error that opening and reading a source ends with."""
    with pytest.raises(REFUSALS) as caught:
        for _ in tfvae.data.source(name).chunks(100):
            pass
    message = str(caught.value)
    assert "\n" not in message
    return message


def cut(path, keep):
    """Keep that fraction of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def spoil(path, place):
    """Turn over 40 bytes at that fraction of a file."""
    content = bytearray(path.read_bytes())
    start = int(len(content) * place)
    content[start : start + 40] = bytes(255 - b for b in content[start : start + 40])
    path.write_bytes(content)
    return path


@pytest.fixture
def x():
    return np.random.default_rng(0).random((2000, 20), np.float32)


@pytest.mark.parametrize("keep", [0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize(
    "kind", ["npy", "npz", "parquet", "tfrecord", "tfrecord.gz", "idx", "idx.gz", "csv.gz"]
)
def test_cut_off(kind, keep, x, tmp_path, write_idx, write_records):
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
    assert path.name in refusal(cut(path, keep))


def test_spoiled_bytes_in_the_middle(x, tmp_path, write_idx, write_records):
    np.savez_compressed(tmp_path / "t.npz", x=x)
    assert "t.npz" in refusal(spoil(tmp_path / "t.npz", 0.6))
    np.savez(tmp_path / "stored.npz", x=x)
    message = refusal(spoil(tmp_path / "stored.npz", 0.6))
    assert "CRC" in message
    assert "after" in message
    write_records(tmp_path / "t.tfrecord", [{"x": row.tolist()} for row in x[:500]])
    assert "t.tfrecord: expected TFRecords" in refusal(spoil(tmp_path / "t.tfrecord", 0.6))
    assert "after 300 rows" in refusal(tmp_path / "t.tfrecord")
    pa.parquet.write_table(pa.table({"x": list(x)}), tmp_path / "t.parquet", write_page_checksum=True)
    assert "t.parquet" in refusal(spoil(tmp_path / "t.parquet", 0.5))
    path = write_idx(tmp_path / "a-images-idx3-ubyte.gz", np.zeros((50, 8, 8), np.uint8))
    assert path.name in refusal(spoil(path, 0.5))


@pytest.mark.parametrize(
    "name", ["t.npy", "t.npz", "t.csv", "t.csv.gz", "t.parquet", "t.tfrecord", "a-idx3-ubyte"]
)
def test_foreign_bytes(name, tmp_path):
    (tmp_path / name).write_bytes(bytes(range(1, 256)) * 20)
    assert name in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["t.npy", "t.csv", "t.parquet", "t.tfrecord", "*.csv", "folder/"])
def test_missing(name, tmp_path):
    if name == "folder/":
        (tmp_path / "folder").mkdir()
        assert "empty" in refusal(f"{tmp_path}/folder")
    else:
        assert str(tmp_path) in refusal(f"{tmp_path}/{name}")


def test_names_of_no_kind(tmp_path):
    assert ".parquet" in refusal("table.xlsx")
    (tmp_path / "table.xlsx").write_text("")
    assert "table.xlsx" in refusal(tmp_path / "table.xlsx")
    assert "table.xlsx" in refusal(tmp_path)
    assert "digits" in refusal("sklearn:digit")
    assert "idx:FOLDER" in refusal(f"idx:{tmp_path}/nowhere")
    assert "train-images-idx3-ubyte" in refusal(f"idx:{tmp_path}")


def test_csv(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    assert "column 'b'" in refusal(path)
    path.write_text(
        "a,b\n" + "1,2\n" * 300_000 + "1,high\n" + "1,2\n" * 10
    )  # text far behind the first block
    message = refusal(path)
    assert "column 'b'" in message
    assert "Row #300002" in message
    assert "high" in message
    path.write_text("a,b\n1,2\n3\n")
    assert "Row #3" in refusal(path)
    path.write_text("a,b\n")
    assert "at least one row" in refusal(path)
    path.write_text("label\n1\n")
    assert "besides the label" in refusal(path)
    path.write_text("a,label\n1,cat\n")
    assert "column 'label'" in refusal(path)


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"

    def written(columns):
        pa.parquet.write_table(pa.table(columns), path)
        return refusal(path)

    assert "column 'b'" in written({"a": [1, 2], "b": ["x", "y"]})
    assert "row 2" in written({"x": [[1.0, 2.0], [3.0, 4.0], [5.0]]})
    assert "null" in written({"x": [[1.0, 2.0], None]})
    assert "column 'x'" in written({"x": [["a"], ["b"]]})
    assert "at least one row" in written({"a": pa.array([], pa.float32())})


def test_npz(x, tmp_path):
    path = tmp_path / "t.npz"
    np.savez(path, a=x, b=x)
    assert "a, b" in refusal(path)
    np.savez(path, x=x, y=np.arange(3))
    assert "one label for each of the 2000 rows" in refusal(path)
    np.savez(path, x=np.array([{}, {}], object))
    assert "pickled" in refusal(path)
    np.savez(path, x=np.array(["a", "b"]))
    assert "real numbers" in refusal(path)
    np.savez(path, x=np.zeros((0, 3)))
    assert "at least one row" in refusal(path)
    np.savez(path, x=np.float32(3))
    assert "a single number" in refusal(path)


def test_npy_longer_than_its_header_says(x, tmp_path):
    np.save(tmp_path / "t.npy", x)
    with (tmp_path / "t.npy").open("ab") as file:
        file.write(b"more")
    assert "bytes" in refusal(tmp_path / "t.npy")


def test_file_cut_off_while_it_is_read(x, tmp_path):
    path = tmp_path / "t.npy"
    np.save(path, x)
    chunks = tfvae.data.source(path).chunks(100)
    next(chunks)
    cut(path, 0.3)
    with pytest.raises(UnreadableFile, match="rows"):
        list(chunks)


def test_records(tmp_path, write_records):
    path = tmp_path / "t.tfrecord"
    good = {"x": [1.0, 2.0], "label": [1]}

    def written(examples):
        return refusal(write_records(path, examples))

    message = written([good] * 150 + [{"x": [1.0], "label": [1]}])
    assert "Key: x" in message
    assert "after 100 rows" in message
    assert "label" in written([good] * 3 + [{"x": [1.0, 2.0]}])
    assert "its first record is none" in written([b"\xff\xff\xff"])
    assert "at least one row" in written([])
    assert "'name'" in written([{"a": [1.0], "name": b"text"}])
    assert "PNG or JPEG" in written([{"image": b"no picture"}])
    assert "one number as label" in written([{"x": [1.0], "label": [1, 2]}])


def test_pictures(tmp_path):
    for i in range(4):
        Image.new("L", (8, 8)).save(tmp_path / f"{i}.png")
    Image.new("L", (8, 9)).save(tmp_path / "2.png")
    message = refusal(tmp_path)
    assert "2.png" in message
    assert "8 x 9" in message
    Image.new("RGB", (8, 8)).save(tmp_path / "2.png")
    assert "2.png" in refusal(tmp_path)
    Image.new("RGBA", (8, 8)).save(tmp_path / "2.png")
    assert "RGBA" in refusal(tmp_path)
    (tmp_path / "2.png").write_bytes(b"")
    assert "2.png" in refusal(tmp_path)
    Image.effect_noise((64, 64), 50).save(tmp_path / "0.png")
    assert "0.png" in refusal(cut(tmp_path / "0.png", 0.5).parent)
    (tmp_path / "sub").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "sub" / "a.png")
    assert "sub-folder" in refusal(tmp_path)


def test_shards_of_different_layouts(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    np.save(tmp_path / "b.npy", np.zeros((3, 4)))
    assert "b.npy" in refusal(tmp_path)
    (tmp_path / "b.npy").unlink()
    (tmp_path / "c.csv").write_text("a\n1\n")
    assert "files of one kind" in refusal(tmp_path)


def test_arrays():
    for bad in (np.zeros((2, 2, 2, 2, 2)), np.zeros((0, 2)), np.array(["a"]), np.zeros((2, 2), complex)):
        with pytest.raises(InvalidInput):
            tfvae.data.Arrays(bad)
    with pytest.raises(InvalidInput, match="one label"):
        tfvae.data.Arrays(np.zeros((3, 2)), label=[1, 2])
