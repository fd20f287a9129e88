"""Convolutional networks of images and of series, and their mirror images."""

from __future__ import annotations

import math

import keras

from tfvae.core.checks import integer, integers
from tfvae.core.errors import InvalidInput


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
