"""NumPy files: `.npy` and `.npz`."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import UnreadableFile


@pytest.fixture
def x():
    return np.random.default_rng(0).random((2000, 20), np.float32)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i2", "u1", "?"])
def test_arrays_of_any_type_and_order_come_back(dtype, order, tmp_path, everything_of):
    stored = np.asarray(np.random.default_rng(0).integers(0, 2, (50, 3)), dtype, order=order)
    np.save(tmp_path / "t.npy", stored)
    source = tfvae.data.source(tmp_path / "t.npy")
    assert (source.shape, source.size, source.label_dtype) == ((3,), 50, None)
    x, label = everything_of(source, 7)
    np.testing.assert_array_equal(x, stored.astype(np.float32))
    assert label is None


def test_archives_of_many_chunks_come_back(tmp_path, everything_of):
    x = np.random.default_rng(0).random((30_000, 4), np.float32)
    np.savez_compressed(tmp_path / "t.npz", x=x)
    np.testing.assert_array_equal(everything_of(tfvae.data.source(tmp_path / "t.npz"), 1000)[0], x)


def test_archives_that_hold_no_examples(x, tmp_path, error_message):
    path = tmp_path / "t.npz"
    np.savez(path, a=x, b=x)
    assert "a, b" in error_message(path)
    np.savez(path, x=x, y=np.arange(3))
    assert "one label for each of the 2000 rows" in error_message(path)
    np.savez(path, x=np.array([{}, {}], object))
    assert "pickled" in error_message(path)
    np.savez(path, x=np.array(["a", "b"]))
    assert "real numbers" in error_message(path)
    np.savez(path, x=np.zeros((0, 3)))
    assert "at least one row" in error_message(path)
    np.savez(path, x=np.float32(3))
    assert "a single number" in error_message(path)


def test_a_file_longer_than_its_header_says(x, tmp_path, error_message):
    np.save(tmp_path / "t.npy", x)
    with (tmp_path / "t.npy").open("ab") as file:
        file.write(b"more")
    assert "bytes" in error_message(tmp_path / "t.npy")


def test_a_file_that_is_cut_off_while_it_is_read(x, tmp_path, cut_off):
    path = tmp_path / "t.npy"
    np.save(path, x)
    chunks = tfvae.data.source(path).chunks(100)
    next(chunks)
    cut_off(path, 0.3)
    with pytest.raises(UnreadableFile, match="rows"):
        list(chunks)


def test_changed_bytes(x, tmp_path, error_message, change_bytes):
    np.savez_compressed(tmp_path / "t.npz", x=x)
    assert "t.npz" in error_message(change_bytes(tmp_path / "t.npz", 0.6))
    np.savez(tmp_path / "stored.npz", x=x)
    message = error_message(change_bytes(tmp_path / "stored.npz", 0.6))
    assert "CRC" in message
    assert "after" in message
