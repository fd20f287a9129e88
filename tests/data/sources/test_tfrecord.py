"""TFRecord files of lists of numbers and of images."""

import numpy as np
import pytest
from PIL import Image

import tfvae


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_images_inside_records(kind, tmp_path, everything_of, write_records):
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


def test_records_that_differ_or_hold_no_numbers(tmp_path, write_records, error_message):
    path = tmp_path / "t.tfrecord"
    good = {"x": [1.0, 2.0], "label": [1]}

    def written(examples):
        return error_message(write_records(path, examples))

    message = written([good] * 150 + [{"x": [1.0], "label": [1]}])
    assert "Key: x" in message
    assert "after 100 rows" in message
    assert "label" in written([good] * 3 + [{"x": [1.0, 2.0]}])
    assert "its first record is not one" in written([b"\xff\xff\xff"])
    assert "at least one row" in written([])
    assert "'name'" in written([{"a": [1.0], "name": b"text"}])
    assert "PNG or JPEG" in written([{"image": b"no image"}])
    assert "one number as label" in written([{"x": [1.0], "label": [1, 2]}])


def test_changed_bytes(tmp_path, write_records, error_message, change_bytes):
    rows = np.random.default_rng(0).random((500, 20), np.float32)
    path = write_records(tmp_path / "t.tfrecord", [{"x": row.tolist()} for row in rows])
    message = error_message(change_bytes(path, 0.6))
    assert "t.tfrecord: expected TFRecords" in message
    assert "after 300 rows" in message
