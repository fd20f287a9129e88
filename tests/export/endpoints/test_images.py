"""Images as raw inputs: the same pixels as in training, and errors for other files."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfvae.core.errors import InvalidInput
from tfvae.data.sources.image_folder import ImageFolder
from tfvae.export import EncodedPixels, Pixels


def _file(pixels, kind, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def pixels():
    """Smooth colors, as a JPEG file holds them well."""
    row, column = np.mgrid[:16, :24]
    return np.stack([8 * row, 10 * column, 255 - 8 * row], axis=-1).astype("uint8")


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_server_sees_the_pixels_that_training_saw(pixels, kind, channels, tmp_path):
    """The folder of images is read with Pillow, the request inside TensorFlow's graph."""
    shown = pixels if channels == 3 else pixels[..., 0]
    file = _file(shown, kind)
    (tmp_path / f"0.{kind}").write_bytes(file)
    expected = next(ImageFolder(tmp_path).chunks())["x"]
    layer = EncodedPixels((16, 24, channels))
    received = tf.function(layer)(tf.constant([file, file]))
    assert received.shape == (2, 16, 24, channels)
    np.testing.assert_allclose(received[1], expected[0], atol=1.01 / 255 if kind == "jpeg" else 0)


def test_pixels_are_divided_by_255():
    x = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    layer = Pixels((16, 16, 1))
    np.testing.assert_array_equal(layer(x), x.astype("float32") / np.float32(255))
    np.testing.assert_array_equal(layer.examples(layer(x)), x)
    np.testing.assert_allclose(layer.inverse(layer(x)), x, rtol=1e-6)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"", "expected the bytes of a PNG or JPEG file"),
        (b"GIF89a" + bytes(40), "expected the bytes of a PNG or JPEG file"),
        (b"\x89PNG\r\n\x1a\n", "expected the bytes of a PNG or JPEG file"),
        (b"\xff\xd8\xff" + bytes(40), "JPEG"),
    ],
)
def test_bytes_of_another_file_are_an_error(file, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.function(EncodedPixels((16, 24, 3)))(tf.constant([file]))


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_truncated_files_are_an_error(pixels, kind):
    file = _file(np.random.default_rng(0).integers(0, 256, pixels.shape, "uint8"), kind)
    layer = tf.function(EncodedPixels((16, 24, 3)))
    for length in range(24, len(file) - 2, 97):
        with pytest.raises(tf.errors.InvalidArgumentError):
            layer(tf.constant([file, file[:length]]))


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_another_size_is_rejected_before_decoding(kind):
    """A file of a few kilobytes that would take 100 MB of memory."""
    file = _file(np.zeros((6000, 6000, 3), "uint8"), kind)
    layer = tf.function(EncodedPixels((16, 24, 3)))
    expected = r"expected images of 16 x 24 pixels \(height, width\), received.*\[6000 6000\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        layer(tf.constant([file]))


@pytest.mark.parametrize("layer", [Pixels((4, 4, 3)), EncodedPixels((4, 4, 3))])
def test_the_layers_are_made_again_from_their_configuration(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.specs == layer.specs


def test_shapes_that_are_no_image_are_rejected():
    with pytest.raises(InvalidInput, match=r"shape: expected \(height, width, channels\), received \(4,\)"):
        Pixels((4,))
    with pytest.raises(InvalidInput, match="shape: expected 1 or 3 channels, received"):
        EncodedPixels((4, 4, 2))
