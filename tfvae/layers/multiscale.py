"""Networks of several images at once, each at a scale of its own."""

from __future__ import annotations

import math

import keras

from tfvae.core.checks import integers, keras_layer
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.core.types import DType, Tensor
from tfvae.networks import chain


class FeaturePyramid(Configured, keras.layers.Layer):
    """[h_n, ..., h_1] with h_1 = f_1(x) and h_i = f_i(h_i-1): the features of each network of a chain.

    Args:
        networks: f_1, ..., f_n; the features of the last come first.

    Example:
        >>> halving = [keras.layers.Conv2D(3, 4, strides=2, padding="same") for _ in range(2)]
        >>> [tuple(features.shape) for features in FeaturePyramid(halving)(keras.ops.zeros((5, 8, 8, 1)))]
        [(5, 2, 2, 3), (5, 4, 4, 3)]
    """

    def __init__(self, networks: list[keras.Layer], *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.networks = [keras_layer("networks", network) for network in networks]

    def call(self, inputs: Tensor) -> list[Tensor]:
        """Return the features of all networks, the last one's first."""
        features = [inputs]
        for network in self.networks:
            features.append(network(features[-1]))
        return features[:0:-1]


class StackMaps(Configured, keras.layers.Layer):
    """Concatenated maps as one image: [B, sum of H_i W_i C_i] to [B, H, W, sum of C_i].

    (H, W) are those of the last and largest map; the pixels of the others are repeated to that size.

    Args:
        shapes: (H_i, W_i, C_i) of each map; H_i divides H, and W_i divides W.

    Raises:
        InvalidInput: for a shape that is not one of an image, or does not divide the last one.

    Example:
        >>> StackMaps([(1, 1, 1), (2, 2, 1)])(keras.ops.arange(5.0)[None])[0, :, :, 0].numpy()
        array([[0., 0.],
               [0., 0.]], dtype=float32)
        >>> StackMaps([(1, 1, 1), (2, 2, 1)])(keras.ops.arange(5.0)[None])[0, :, :, 1].numpy()
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """

    def __init__(self, shapes: list[tuple[int, int, int]], *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.shapes = [integers("shapes", shape) for shape in shapes]
        for shape in self.shapes:
            if len(shape) != 3 or any(n % m for n, m in zip(self.shapes[-1][:2], shape[:2], strict=True)):
                raise InvalidInput("shapes", f"(H, W, C) that divides the last one {self.shapes[-1]}", shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Return the image."""
        height, width = self.shapes[-1][:2]
        maps, start = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            image = keras.ops.reshape(inputs[:, start : start + size], (-1, *shape))
            image = keras.ops.repeat(image, height // shape[0], axis=1)
            maps.append(keras.ops.repeat(image, width // shape[1], axis=2))
            start += size
        return keras.ops.concatenate(maps, axis=-1)


def map_shapes(
    shape: tuple[int, int, int], scales: tuple[int, ...], channels: int
) -> list[tuple[int, int, int]]:
    """Return the shapes of maps of an image: its height and width divided by each of the scales.

    Args:
        shape: (height, width, channels) of the image.
        scales: what height and width are divided by, for each map.
        channels: of each map.

    Raises:
        InvalidInput: for a shape that is not one of an image, or that a scale does not divide.

    Example:
        >>> map_shapes((8, 12, 1), (4, 2), 3)
        [(2, 3, 3), (4, 6, 3)]
    """
    if len(shape) != 3 or any(size % scale for size in shape[:2] for scale in scales):
        sizes = f"(height, width, channels) of an image, the first two divisible by {math.lcm(*scales)}"
        raise InvalidInput("shape", sizes, shape)
    return [(shape[0] // scale, shape[1] // scale, channels) for scale in scales]


def downsample(filters: int) -> keras.Layer:
    """Return a convolution with stride 2: [B, H, W, C] to [B, H / 2, W / 2, filters].

    Args:
        filters: channels of the result.

    Example:
        >>> downsample(3)(keras.ops.zeros((5, 8, 8, 1))).shape
        TensorShape([5, 4, 4, 3])
    """
    return keras.layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu")


def upsample(shapes: list[tuple[int, int, int]], filters: int) -> keras.Sequential:
    """Return `StackMaps`, a convolution, and a transposed one that doubles the size of the last map.

    Args:
        shapes: (H_i, W_i, C_i) of each map, as for `StackMaps`.
        filters: channels of both convolutions.

    Example:
        >>> upsample([(1, 1, 4), (2, 2, 4)], 3)(keras.ops.zeros((5, 20))).shape
        TensorShape([5, 4, 4, 3])
    """
    layers, options = keras.layers, {"padding": "same", "activation": "relu"}
    mixed = layers.Conv2D(filters, 3, **options)
    return chain(StackMaps(shapes), mixed, layers.Conv2DTranspose(filters, 4, strides=2, **options))
