"""Networks for encoders and decoders: perceptrons, convolutional and recurrent ones.

They are ordinary Keras models, and any other Keras model can be used instead. The parts of a model project
what a network returns to the parameters they need, so a network ends with features, not with parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.errors import InvalidInput
from tfvae.core.types import InputShape, Tensor, Tensors

_SEED = 0  # of dropout, which is not used: its state, which is not saved, is then always the same


def mlp(sizes: tuple[int, ...] = (256, 256), activation: str = "relu") -> keras.Sequential:
    """Return a perceptron, [B, ...] to [B, sizes[-1]].

    Args:
        sizes: units of each dense layer.
        activation: of each layer, the last one too.

    Example:
        >>> mlp((32, 16), "tanh")(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 16])
    """
    sizes = integers("sizes", sizes)
    layers = [keras.layers.Flatten()]
    layers += [keras.layers.Dense(size, activation=activation) for size in sizes]
    return keras.Sequential(layers)


def linear() -> keras.Sequential:
    """Return a network that only flattens, [B, ...] to [B, n]: encoder or decoder are then linear.

    Example:
        >>> linear()(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 64])
    """
    return keras.Sequential([keras.layers.Flatten()])


def split_rows(count: int) -> keras.Sequential:
    """Return a network that only reshapes a vector to `count` rows, [B, n] to [B, count, n / count].

    Args:
        count: number of rows, a divisor of n.

    Example:
        >>> split_rows(4)(keras.ops.zeros((5, 8))).shape
        TensorShape([5, 4, 2])
    """
    return keras.Sequential([keras.layers.Reshape((count, -1))])


def chain(*layers: keras.Layer) -> keras.Sequential:
    """Return layers or networks as one network, applied one after the other.

    Args:
        layers: Keras layers or models.

    Example:
        >>> chain(keras.layers.UnitNormalization(), mlp((16,)))(keras.ops.ones((5, 8))).shape
        TensorShape([5, 16])
    """
    return keras.Sequential(list(layers))


def conv(filters: tuple[int, ...] = (32, 64), activation: str = "relu") -> keras.Sequential:
    """Return convolutions with stride 2, [B, H, W, C] to [B, features].

    Args:
        filters: channels of each convolution, 3 by 3.
        activation: of each convolution.

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
    """Return the mirror image of `conv`, [B, features] to [B, H, W, filters[-1]].

    Each convolution doubles the resolution; where H or W is not a multiple of the total, the surplus is
    cropped at the end. The likelihood adds the last projection to C channels.

    Args:
        shape: (H, W, C) of the image.
        filters: channels of each transposed convolution, 4 by 4 with stride 2.
        activation: of each layer.

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
    """Return convolutions over time with stride 2, [B, T, n] to [B, features].

    Args:
        filters: channels of each convolution of 5 steps.
        activation: of each convolution.

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
    """Return the mirror image of `conv1d`, [B, features] to [B, steps, filters[-1]].

    Each convolution doubles the number of steps; a surplus is cropped at the end.

    Args:
        steps: T.
        filters: channels of each transposed convolution of 5 steps with stride 2.
        activation: of each layer.

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


def at_points(function: Callable[[Tensor], Tensors], z: Tensor) -> Tensors:
    """Apply a function of points [N, D] to z [..., D], whose leading axes are flattened and restored.

    Args:
        function: from points [N, D] to tensors [N, ...] by name.
        z: [..., D].

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
    """Return a bidirectional GRU, [B, T, n] to [B, 2 units], that skips steps whose n numbers are all 0.

    Those are what the encoder sees of the steps that `likelihoods.Padded` takes as padding.

    Args:
        units: of each direction.

    Example:
        >>> recurrent(8)(keras.ops.ones((5, 7, 3))).shape
        TensorShape([5, 16])
    """
    integer("units", units)
    layers = keras.layers
    return keras.Sequential([layers.Masking(), layers.Bidirectional(layers.GRU(units, seed=_SEED))])


def recurrent_decoder(steps: int, units: int = 64) -> keras.Sequential:
    """Return a GRU whose input is the same at each step, [B, features] to [B, steps, units].

    Args:
        steps: number of steps T.
        units: of the GRU.

    Example:
        >>> recurrent_decoder(7, 8)(keras.ops.ones((5, 2))).shape
        TensorShape([5, 7, 8])
    """
    integers("steps and units", (steps, units))
    layers = keras.layers
    return keras.Sequential(
        [layers.RepeatVector(steps), layers.GRU(units, return_sequences=True, seed=_SEED)]
    )


def num_features(shape: InputShape) -> int:
    """Return the number of features of one example.

    Args:
        shape: of the features, [B, ...].

    Raises:
        InvalidInput: for a shape of unknown size.

    Example:
        >>> num_features((None, 4, 4, 8))
        128
    """
    sizes = [size for size in shape[1:] if size is not None]
    if len(sizes) < len(shape) - 1:
        raise InvalidInput("features", "a shape of which only the batch size is unknown", tuple(shape))
    return math.prod(sizes)


def flatten(features: Tensor) -> Tensor:
    """Return features [B, ...] as vectors [B, n].

    Example:
        >>> flatten(tf.zeros((5, 4, 4, 8))).shape
        TensorShape([5, 128])
    """
    return tf.reshape(features, (-1, num_features(features.shape)))
