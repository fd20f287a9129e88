"""Residual blocks of convolutions, and the pyramid of features of an image that they make."""

from __future__ import annotations

import itertools
import math
from typing import Any

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.types import DType, Tensor


class ResidualBlock(Part):
    """f(x): 1x1, 3x3, 3x3 and 1x1 convolutions, gelu before each, in float32 outside.

    Maps of at most two pixels a side have 1x1 convolutions only.

    Args:
        shape: (height, width, channels) of x.
        middle: channels inside.
        channels: channels of f(x).
        gain: the last convolution's initial weights are multiplied by it; 0 makes f(x) = 0 at first.

    Source: Child 2021, whose residual block this is.

    Example:
        >>> ResidualBlock((8, 8, 4), 2, 6)(tf.ones((5, 8, 8, 4))).shape
        TensorShape([5, 8, 8, 6])
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        middle: int,
        channels: int,
        gain: float = 1.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.shape = tuple(shape)
        self.middle = middle
        self.channels = channels
        self.gain = gain
        size = 3 if min(shape[:2]) > 2 else 1
        last: Any = keras.initializers.VarianceScaling(gain**2, "fan_avg") if gain else "zeros"
        options = {"padding": "same", "dtype": self.dtype_policy}
        self.convolutions = [
            keras.layers.Conv2D(middle, 1, **options),
            keras.layers.Conv2D(middle, size, **options),
            keras.layers.Conv2D(middle, size, **options),
            keras.layers.Conv2D(channels, 1, kernel_initializer=last, **options),
        ]
        for convolution, before in zip(self.convolutions, (shape[2], *[middle] * 3), strict=True):
            convolution.build((None, *shape[:2], before))
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return f(x), [B, height, width, channels]."""
        value = inputs
        for convolution in self.convolutions:
            value = convolution(keras.ops.gelu(value))
        return tf.cast(value, tf.float32)


class ResidualPyramid(Part):
    """Features of an image at every resolution, the finest first.

    x -> 3x3 convolution -> residual blocks -> average pooling -> residual blocks -> ...

    Args:
        shape: (height, width, channels) of x.
        factors: by how much each resolution is smaller than the one before it.
        blocks: residual blocks at each resolution, one more entry than `factors`.
        width: channels of the features.
        middle: channels inside a block.

    Source: Child 2021.

    Example:
        >>> pyramid = ResidualPyramid((8, 8, 1), (2, 4), (1, 1, 1), width=6, middle=3)
        >>> [tuple(value.shape) for value in pyramid(tf.ones((5, 8, 8, 1)))]
        [(5, 8, 8, 6), (5, 4, 4, 6), (5, 1, 1, 6)]
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        factors: tuple[int, ...],
        blocks: tuple[int, ...],
        width: int,
        middle: int,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.shape = tuple(shape)
        self.factors = tuple(factors)
        self.blocks = tuple(blocks)
        self.width = width
        self.middle = middle
        sizes = resolutions(shape, factors, blocks)
        gain = 1 / math.sqrt(sum(blocks))
        self.first = keras.layers.Conv2D(width, 3, padding="same", dtype=self.dtype_policy)
        self.first.build((None, *shape))
        self.residuals = [  # one flat list: Keras saves no layer that is in a list of lists
            ResidualBlock((*size, width), middle, width, gain, dtype=self.dtype_policy)
            for size, count in zip(sizes, blocks, strict=True)
            for _ in range(count)
        ]
        self.built = True

    def call(self, inputs: Tensor) -> list[Tensor]:
        """Return the features of each resolution, [B, height, width, channels]."""
        state, found, residuals = tf.cast(self.first(inputs), tf.float32), [], iter(self.residuals)
        for factor, count in zip((1, *self.factors), self.blocks, strict=True):
            state = tf.nn.avg_pool2d(state, factor, factor, "VALID") if factor > 1 else state
            for residual in itertools.islice(residuals, count):
                state = state + residual(state)
            found.append(state)
        return found


def resolutions(
    shape: tuple[int, ...], factors: tuple[int, ...], blocks: tuple[int, ...]
) -> list[tuple[int, ...]]:
    """Return (height, width) of every resolution, the finest first.

    Raises:
        InvalidInput: where the sizes do not divide, or the numbers of blocks do not fit.

    Example:
        >>> resolutions((28, 28, 1), (2, 2, 7), (1, 1, 1, 1))
        [(28, 28), (14, 14), (7, 7), (1, 1)]
    """
    if len(shape) != 3:
        raise InvalidInput("shape", "(height, width, channels) of an image", shape)
    if len(blocks) != len(factors) + 1 or any(count < 1 for count in blocks):
        raise InvalidInput("blocks", f"{len(factors) + 1} integers of at least 1", blocks)
    sizes: list[tuple[int, ...]] = [tuple(shape[:2])]
    for factor in factors:
        if factor < 2 or any(size % factor for size in sizes[-1]):
            raise InvalidInput("factors", f"numbers of at least 2 that divide {sizes[-1]}", factors)
        sizes.append(tuple(size // factor for size in sizes[-1]))
    return sizes
