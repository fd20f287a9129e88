"""Networks from tensor to tensor: perceptrons, convolutions, recurrent ones, and their mirror images.

They are ordinary Keras models; any other one serves as well. The parts project what a network returns
to the parameters they need, so a network ends with features, not with parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.errors import InvalidInput

_SEED = 0  # of dropout, which is not used: its state, which no file holds, is then the same everywhere


def mlp(sizes: tuple[int, ...] = (256, 256), activation: str = "relu") -> keras.Sequential:
    """Flatten, then a dense layer for each of `sizes`: [B, ...] to [B, sizes[-1]].

    Example:
        >>> mlp((32, 16), "tanh")(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 16])
    """
    sizes = integers("sizes", sizes)
    layers = [keras.layers.Flatten()]
    layers += [keras.layers.Dense(size, activation=activation) for size in sizes]
    return keras.Sequential(layers)


def linear() -> keras.Sequential:
    """Flatten and nothing more: a part's own projection is then all there is.

    Example:
        >>> linear()(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 64])
    """
    return keras.Sequential([keras.layers.Flatten()])


def split_rows(count: int) -> keras.Sequential:
    """A vector as `count` rows, and nothing more: [B, n] to [B, count, n / count].

    Example:
        >>> split_rows(4)(keras.ops.zeros((5, 8))).shape
        TensorShape([5, 4, 2])
    """
    return keras.Sequential([keras.layers.Reshape((count, -1))])


def chain(*layers: keras.Layer) -> keras.Sequential:
    """Layers one after the other; a way to put something before a network.

    Example:
        >>> chain(keras.layers.UnitNormalization(), mlp((16,)))(keras.ops.ones((5, 8))).shape
        TensorShape([5, 16])
    """
    return keras.Sequential(list(layers))


def conv(filters: tuple[int, ...] = (32, 64), activation: str = "relu") -> keras.Sequential:
    """A convolution with stride 2 for each of `filters`, then flat: [B, H, W, C] to [B, features].

    Example:
        >>> conv((16, 32))(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 128])
    """
    filters = integers("filters", filters)
    layers = [
        keras.layers.Conv2D(count, 3, strides=2, padding="same", activation=activation) for count in filters
    ]
    return keras.Sequential([*layers, keras.layers.Flatten()])


def deconv(
    shape: tuple[int, int, int], filters: tuple[int, ...] = (64, 32), activation: str = "relu"
) -> keras.Sequential:
    """The mirror of `conv`: [B, features] to [B, H, W, filters[-1]] for an image of `shape` (H, W, C).

    Each of `filters` doubles the resolution; where H or W is no multiple, the surplus is cut off at the
    end. The likelihood adds the last projection to C channels.

    Example:
        >>> deconv((7, 5, 1), (32, 16))(keras.ops.zeros((5, 10))).shape
        TensorShape([5, 7, 5, 16])
    """
    filters = integers("filters", filters)
    if len(shape) != 3:
        raise InvalidInput("shape", "(height, width, channels) of an image", shape)
    height, width = shape[:2]
    scale = 2 ** len(filters)
    rows, columns = math.ceil(height / scale), math.ceil(width / scale)
    layers: list[keras.Layer] = [
        keras.layers.Dense(rows * columns * filters[0], activation=activation),
        keras.layers.Reshape((rows, columns, filters[0])),
    ]
    layers += [
        keras.layers.Conv2DTranspose(count, 4, strides=2, padding="same", activation=activation)
        for count in filters
    ]
    if (rows * scale, columns * scale) != (height, width):
        layers.append(keras.layers.Cropping2D(((0, rows * scale - height), (0, columns * scale - width))))
    return keras.Sequential(layers)


def conv1d(filters: tuple[int, ...] = (32, 64), activation: str = "relu") -> keras.Sequential:
    """A convolution over time with stride 2 for each of `filters`, then flat: [B, T, n] to [B, features].

    Example:
        >>> conv1d((16, 32))(keras.ops.zeros((5, 8, 3))).shape
        TensorShape([5, 64])
    """
    filters = integers("filters", filters)
    layers = [
        keras.layers.Conv1D(count, 5, strides=2, padding="same", activation=activation) for count in filters
    ]
    return keras.Sequential([*layers, keras.layers.Flatten()])


def deconv1d(steps: int, filters: tuple[int, ...] = (64, 32), activation: str = "relu") -> keras.Sequential:
    """The mirror of `temporal`: [B, features] to [B, steps, filters[-1]], the surplus cut off at the end.

    Example:
        >>> deconv1d(7, (32, 16))(keras.ops.zeros((5, 10))).shape
        TensorShape([5, 7, 16])
    """
    integer("steps", steps)
    filters = integers("filters", filters)
    first = math.ceil(steps / 2 ** len(filters))
    layers: list[keras.Layer] = [
        keras.layers.Dense(first * filters[0], activation=activation),
        keras.layers.Reshape((first, filters[0])),
    ]
    layers += [
        keras.layers.Conv1DTranspose(count, 5, strides=2, padding="same", activation=activation)
        for count in filters
    ]
    surplus = first * 2 ** len(filters) - steps
    return keras.Sequential(layers + ([keras.layers.Cropping1D((0, surplus))] if surplus else []))


def at_points(function: Callable[[tf.Tensor], dict[str, tf.Tensor]], z: tf.Tensor) -> dict[str, tf.Tensor]:
    """Apply a function of points [N, D] to z [..., D]: the leading axes are folded for it, and unfolded.

    Example:
        >>> at_points(lambda flat: {"double": 2 * flat}, tf.ones((3, 5, 2)))["double"].shape
        TensorShape([3, 5, 2])
    """
    leading = tf.shape(z)[:-1]
    return {
        name: tf.reshape(value, tf.concat([leading, tf.shape(value)[1:]], 0))
        for name, value in function(tf.reshape(z, (-1, z.shape[-1]))).items()
    }


def recurrent(units: int = 64) -> keras.Sequential:
    """A GRU in both directions: [B, T, n] to [B, 2 units], passing over steps whose n numbers are all 0.

    Those are what `likelihoods.Padded` makes of the steps after the last one.

    Example:
        >>> recurrent(8)(keras.ops.ones((5, 7, 3))).shape
        TensorShape([5, 16])
    """
    integer("units", units)
    layers = keras.layers
    return keras.Sequential([layers.Masking(), layers.Bidirectional(layers.GRU(units, seed=_SEED))])


def recurrent_decoder(steps: int, units: int = 64) -> keras.Sequential:
    """A GRU that sees the same at each of its steps: [B, features] to [B, steps, units].

    Example:
        >>> recurrent_decoder(7, 8)(keras.ops.ones((5, 2))).shape
        TensorShape([5, 7, 8])
    """
    integers("steps and units", (steps, units))
    layers = keras.layers
    return keras.Sequential(
        [layers.RepeatVector(steps), layers.GRU(units, return_sequences=True, seed=_SEED)]
    )
