"""Images as clients have them: pixels from 0 to 255, or the bytes of PNG and JPEG files."""

from __future__ import annotations

from typing import Any, final

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensor
from tfvae.export.endpoints.input_checks import require

_WHITE = 255.0
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_HEADER = 24  # bytes of a PNG file up to the end of its width and height


class _Image(keras.layers.Layer):
    """x in [0, 1] from pixels from 0 to 255; abstract."""

    def __init__(self, shape: tuple[int, int, int], name: str | None = None):
        super().__init__(name=name, dtype="float32", trainable=False)
        self.shape = tuple(int(size) for size in shape)
        if len(self.shape) != 3:
            raise InvalidInput("shape", "(height, width, channels)", self.shape)

    @property
    def units(self) -> dict[str, str]:
        """Units of inputs and outputs, by name."""
        pixels = dict.fromkeys(("x", "mean", "reconstruction", "sample"), "pixels, 0 to 255")
        return pixels | {"image_bytes": "bytes of a PNG or JPEG file"}

    def inverse(self, x: Tensor) -> Tensor:
        """Return pixels from 0 to 255, float32, as a mean is no integer.

        Args:
            x: tensor [B, height, width, channels] in [0, 1].
        """
        return tf.cast(x, tf.float32) * _WHITE

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"shape": self.shape, "name": self.name}

    def _rounded(self, x: Tensor) -> Tensor:
        return tf.cast(tf.round(tf.clip_by_value(self.inverse(x), 0, _WHITE)), tf.uint8)


@final
@keras.saving.register_keras_serializable("tfvae")
class Pixels(_Image):
    """Pixels as raw input: x / 255 of uint8 [B, height, width, channels].

    Args:
        shape: (height, width, channels).
        name: name of the layer.

    Example:
        >>> Pixels((1, 1, 3))(tf.constant([[[[0, 51, 255]]]], tf.uint8)).numpy().round(3).tolist()
        [[[[0.0, 0.20000000298023224, 1.0]]]]
    """

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """Specification of the raw input, by name."""
        return {"x": tf.TensorSpec((None, *self.shape), tf.uint8)}

    def call(self, inputs: Tensor) -> Tensor:
        """Return x in [0, 1].

        Args:
            inputs: pixels, uint8 [B, height, width, channels].
        """
        return tf.cast(inputs, tf.float32) / _WHITE

    def examples(self, x: Tensor) -> Tensor:
        """Return pixels, uint8.

        Args:
            x: tensor [B, height, width, channels] in [0, 1].
        """
        return self._rounded(x)


@final
@keras.saving.register_keras_serializable("tfvae")
class EncodedPixels(_Image):
    """Bytes of PNG or JPEG files as raw input, one string for each example.

    The size is read from the file's header before a pixel is decoded. Another size, and bytes that are no
    such file, are an error. Colors become gray if the model has one channel, and gray becomes RGB if it has
    three.

    Args:
        shape: (height, width, channels), with 1 or 3 channels.
        name: name of the layer.

    Example:
        >>> layer = EncodedPixels((2, 2, 1))
        >>> layer(layer.examples(tf.ones((1, 2, 2, 1)))).numpy().ravel()
        array([1., 1., 1., 1.], dtype=float32)
    """

    def __init__(self, shape: tuple[int, int, int], name: str | None = None):
        super().__init__(shape, name)
        if self.shape[2] not in (1, 3):
            raise InvalidInput("shape", "1 or 3 channels", self.shape)

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """Specification of the raw input, by name."""
        return {"image_bytes": tf.TensorSpec((None,), tf.string)}

    def call(self, inputs: Tensor) -> Tensor:
        """Return x in [0, 1], [B, height, width, channels].

        Args:
            inputs: bytes of files, strings [B].
        """
        pixels = tf.map_fn(self._decoded, inputs, fn_output_signature=tf.TensorSpec(self.shape, tf.uint8))
        return tf.cast(pixels, tf.float32) / _WHITE

    def examples(self, x: Tensor) -> Tensor:
        """Return PNG files, strings [B].

        Args:
            x: tensor [B, height, width, channels] in [0, 1].
        """
        return tf.stack([tf.io.encode_png(pixels) for pixels in self._rounded(x)])

    def _decoded(self, file: Tensor) -> Tensor:
        height, width, channels = self.shape
        long_enough = tf.strings.length(file) >= _HEADER
        start = tf.strings.substr(tf.strings.join([file, " " * _HEADER]), 0, _HEADER)
        is_png = tf.strings.substr(start, 0, len(_PNG)) == _PNG
        is_jpeg = tf.strings.substr(start, 0, len(_JPEG)) == _JPEG
        readable = require(
            long_enough & (is_png | is_jpeg),
            "image_bytes: expected the bytes of a PNG or JPEG file, received others",
        )
        with tf.control_dependencies([readable]):
            size = tf.cond(is_png, lambda: _png_size(start), lambda: tf.image.extract_jpeg_shape(file)[:2])
        expected = f"image_bytes: expected images of {height} x {width} pixels (height, width), received"
        right_size = require(tf.reduce_all(size == [height, width]), expected, size)
        with tf.control_dependencies([right_size]):
            pixels = tf.cond(
                is_png,
                lambda: tf.io.decode_png(file, channels),
                # As exact as the reader of images for training.
                lambda: tf.io.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE"),
            )
        return tf.ensure_shape(pixels, self.shape)


def _png_size(start: Tensor) -> Tensor:
    """Return (height, width) from a PNG file's first bytes; both are big-endian integers of four bytes."""
    digits = tf.cast(tf.io.decode_raw(tf.strings.substr(start, 16, 8), tf.uint8), tf.int32)
    width, height = tf.unstack(tf.reduce_sum(tf.reshape(digits, (2, 4)) * [1 << 24, 1 << 16, 1 << 8, 1], 1))
    return tf.stack([height, width])
