"""IDX files, as those of MNIST."""

import numpy as np
import pytest

import tfvae


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


def test_names_of_missing_folders_and_files(tmp_path, error_message):
    assert "idx:FOLDER" in error_message(f"idx:{tmp_path}/nowhere")
    assert "train-images-idx3-ubyte" in error_message(f"idx:{tmp_path}")


def test_changed_bytes(tmp_path, write_idx, error_message, change_bytes):
    path = write_idx(tmp_path / "a-images-idx3-ubyte.gz", np.zeros((50, 8, 8), np.uint8))
    assert path.name in error_message(change_bytes(path, 0.5))
