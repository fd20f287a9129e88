"""Convolutions that look at the seen pixels alone."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured


class PartialConv2D(Configured, keras.layers.Layer):
    """A convolution of what is seen, scaled up by how little that is.

    y = conv(x m) count / seen + b where seen > 0, else 0;  m' = 1 where seen > 0, else 0
    seen = sum of m in the window,  count = what it would be if all were seen

    The window at the border counts the pixels inside the picture alone, so that with nothing hidden it is
    Keras's `Conv2D` everywhere.

    Args:
        filters: channels of the result.
        kernel_size: height and width of the window, in pixels.
        strides: pixels from one window to the next.
        padding: "same" or "valid", as in Keras.

    Source: Liu et al. 2018, equations 1 and 2.

    Example:
        >>> layer = PartialConv2D(8, strides=2)
        >>> values, marks = layer((tf.ones((5, 6, 6, 3)), tf.ones((5, 6, 6, 3))))
        >>> values.shape, marks.shape
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
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        for argument, value in (("filters", filters), ("kernel_size", kernel_size), ("strides", strides)):
            integer(argument, value)
        if padding not in ("same", "valid"):
            raise InvalidInput("padding", "'same' or 'valid'", repr(padding))
        self.filters, self.kernel_size, self.strides, self.padding = filters, kernel_size, strides, padding

    def build(self, input_shape: tuple) -> None:
        """Make kernel and bias for values of shape [B, H, W, C]."""
        values, marks = input_shape
        if tuple(values) != tuple(marks):
            raise InvalidInput("marks", f"the shape of the values, {tuple(values)}", tuple(marks))
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, values[-1], self.filters),
            initializer="glorot_uniform",
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Return values and marks, each [B, H', W', filters].

        Args:
            inputs: values [B, H, W, C] and marks of that shape, 1 for seen and 0 for hidden.
        """
        values, marks = inputs
        # The counts are small integers, which bfloat16 would round above 256.
        window = tf.ones((self.kernel_size, self.kernel_size, values.shape[-1], 1))
        marks = tf.cast(marks, tf.float32)
        seen = self._windows(marks, window)
        count = self._windows(tf.ones_like(marks[:1]), window)
        found = seen > 0.5
        ratio = tf.where(found, count / tf.maximum(seen, 1.0), 0.0)
        hidden_out = values * tf.cast(marks, values.dtype)
        raw = self._windows(hidden_out, tf.cast(self.kernel, values.dtype)) * tf.cast(ratio, values.dtype)
        result = tf.where(found, raw + tf.cast(self.bias, values.dtype), tf.zeros((), values.dtype))
        return result, tf.broadcast_to(tf.cast(found, values.dtype), tf.shape(result))

    def _windows(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, kernel, self.strides, self.padding.upper())


class PartialConvEncoder(Configured, keras.layers.Layer):
    """Partial convolutions with stride 2, one for each of `filters`: [B, H, W, 2 C] to [B, features].

    Its input is what `likelihoods.WithMissingMask` gives an encoder: the channels of the values, then their
    marks.

    Args:
        filters: channels of each convolution.
        activation: after each of them.

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
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.filters, self.activation = tuple(filters), activation
        self.layers = [PartialConv2D(count, strides=2, dtype=self.dtype_policy) for count in self.filters]
        self.activate = keras.layers.Activation(activation, dtype=self.dtype_policy)

    def build(self, input_shape: tuple) -> None:
        """Make the weights for pictures with an even number of channels."""
        batch, height, width, channels = input_shape
        if channels % 2:
            raise InvalidInput("inputs", "as many marks as values along the last axis", tuple(input_shape))
        channels //= 2
        for layer in self.layers:
            layer.build(((batch, height, width, channels),) * 2)
            height, width, channels = -(-height // 2), -(-width // 2), layer.filters
        self.features = height * width * channels
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the features, [B, features]."""
        pair = tuple(tf.split(inputs, 2, axis=-1))
        for layer in self.layers:
            values, marks = layer(pair)
            pair = self.activate(values), marks
        return tf.reshape(pair[0], (-1, self.features))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return [B, features]."""
        return (input_shape[0], self.features)
