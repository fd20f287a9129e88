"""Folders of PNG and JPEG images."""

import zlib

import numpy as np
import pytest
from PIL import Image

import tfvae


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
def test_subfolders_are_labels(mode, channels, tmp_path, everything_of):
    generator = np.random.default_rng(2)
    expected = []
    for name in ("b_dog", "a_cat"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("ignored")
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


def test_a_folder_without_subfolders_has_no_labels(tmp_path, everything_of):
    Image.new("L", (4, 4), 255).save(tmp_path / "one.jpg")
    source = tfvae.data.source(str(tmp_path))
    assert source.label_dtype is None
    np.testing.assert_array_equal(everything_of(source)[0], np.ones((1, 4, 4, 1)))


@pytest.mark.parametrize("side", [13_000, 100_000])
def test_a_small_file_of_a_huge_image_is_rejected(tmp_path, error_message, side):
    """More pixels than Pillow takes for an attack, and than it warns of: said before they are read."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + checksum

    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(data)
    message = error_message(tmp_path)
    assert "bomb.png" in message
    assert f"{side**2}" in message


def test_images_that_differ_or_are_damaged(tmp_path, error_message, cut_off):
    for i in range(4):
        Image.new("L", (8, 8)).save(tmp_path / f"{i}.png")
    Image.new("L", (8, 9)).save(tmp_path / "2.png")
    message = error_message(tmp_path)
    assert "2.png" in message
    assert "8 x 9" in message
    Image.new("RGB", (8, 8)).save(tmp_path / "2.png")
    assert "2.png" in error_message(tmp_path)
    Image.new("RGBA", (8, 8)).save(tmp_path / "2.png")
    assert "RGBA" in error_message(tmp_path)
    (tmp_path / "2.png").write_bytes(b"")
    assert "2.png" in error_message(tmp_path)
    Image.effect_noise((64, 64), 50).save(tmp_path / "0.png")
    assert "0.png" in error_message(cut_off(tmp_path / "0.png", 0.5).parent)
    (tmp_path / "sub").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "sub" / "a.png")
    assert "subfolder" in error_message(tmp_path)
