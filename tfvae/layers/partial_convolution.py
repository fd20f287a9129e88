"""Convolutions of the observed pixels alone."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.core.types import DType, InputShape, Tensor


class PartialConv2D(Configured, keras.layers.Layer):
    """A convolution of the observed pixels, scaled up by the share of the window that they fill.

    y = conv(x m) count / seen + b where seen > 0, else 0;  m' = 1 where seen > 0, else 0
    seen = sum of the mask m in the window,  count = its value if all pixels were observed

    A window at the border counts the pixels inside the image alone, so that with no pixel missing the layer
    is Keras's `Conv2D` everywhere.

    Args:
        filters: channels of the result.
        kernel_size: height and width of the window, in pixels.
        strides: pixels from one window to the next.
        padding: "same" or "valid", as in Keras.

    Source: Liu et al. 2018, equations 1 and 2.

    Example:
        >>> layer = PartialConv2D(8, strides=2)
        >>> values, mask = layer((tf.ones((5, 6, 6, 3)), tf.ones((5, 6, 6, 3))))
        >>> values.shape, mask.shape
        (TensorShape([5, 3, 3, 8]), TensorShape([5, 3, 3, 8]))
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        padding: str = "same",
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if padding not in ("same", "valid"):
            raise InvalidInput("padding", "'same' or 'valid'", repr(padding))
        self.filters = integer("filters", filters)
        self.kernel_size = integer("kernel_size", kernel_size)
        self.strides = integer("strides", strides)
        self.padding = padding

    def build(self, input_shape: tuple[InputShape, InputShape]) -> None:
        """Make kernel and bias for values of shape [B, H, W, C]."""
        values, mask = input_shape
        if tuple(values) != tuple(mask):
            raise InvalidInput("mask", f"the shape of the values, {tuple(values)}", tuple(mask))
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, values[-1], self.filters),
            initializer="glorot_uniform",
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return values and mask, each [B, H', W', filters].

        Args:
            inputs: values [B, H, W, C] and a mask of that shape, 1 for observed and 0 for missing.
        """
        values, mask = inputs
        # The counts are small integers, which bfloat16 would round above 256.
        window = tf.ones((self.kernel_size, self.kernel_size, values.shape[-1], 1))
        mask = tf.cast(mask, tf.float32)
        seen = self._windows(mask, window)
        count = self._windows(tf.ones_like(mask[:1]), window)
        found = seen > 0.5
        ratio = tf.where(found, count / tf.maximum(seen, 1.0), 0.0)
        observed = values * tf.cast(mask, values.dtype)
        raw = self._windows(observed, tf.cast(self.kernel, values.dtype)) * tf.cast(ratio, values.dtype)
        result = tf.where(found, raw + tf.cast(self.bias, values.dtype), tf.zeros((), values.dtype))
        return result, tf.broadcast_to(tf.cast(found, values.dtype), tf.shape(result))

    def _windows(self, x: Tensor, kernel: Tensor) -> Tensor:
        return tf.nn.conv2d(x, kernel, self.strides, self.padding.upper())


class PartialConvEncoder(Configured, keras.layers.Layer):
    """Partial convolutions with stride 2, one for each of `filters`: [B, H, W, 2 C] to [B, features].

    Its input is what `likelihoods.WithMissingMask` gives an encoder: the channels of the values, then those
    of the mask.

    Args:
        filters: channels of each convolution.
        activation: after each convolution.

    Source: Liu et al. 2018, section 3.

    Example:
        >>> PartialConvEncoder((16, 32))(tf.ones((5, 8, 8, 2))).shape
        TensorShape([5, 128])
    """

    def __init__(
        self,
        filters: tuple[int, ...] = (32, 64),
        activation: str = "relu",
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.filters, self.activation = integers("filters", filters), activation
        self.layers = [PartialConv2D(count, strides=2, dtype=self.dtype_policy) for count in self.filters]
        self.activate = keras.layers.Activation(activation, dtype=self.dtype_policy)

    def build(self, input_shape: InputShape) -> None:
        """Make the weights for images with an even number of channels."""
        sizes = [size for size in input_shape[1:] if size is not None]
        if len(sizes) != 3 or sizes[2] % 2:
            expected = "shape (batch, height, width, 2 channels), as many of the mask as of the values"
            raise InvalidInput("inputs", expected, tuple(input_shape))
        height, width, channels = sizes[0], sizes[1], sizes[2] // 2
        for layer in self.layers:
            shape = (None, height, width, channels)
            layer.build((shape, shape))
            height, width, channels = -(-height // 2), -(-width // 2), layer.filters
        self.features = height * width * channels
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return the features, [B, features]."""
        pair = tuple(tf.split(inputs, 2, axis=-1))
        for layer in self.layers:
            values, mask = layer(pair)
            pair = self.activate(values), mask
        return tf.reshape(pair[0], (-1, self.features))

    def compute_output_shape(self, input_shape: InputShape) -> InputShape:
        """Return [B, features]."""
        return (input_shape[0], self.features)
