"""The way down of a very deep VAE: residual blocks with latent variables between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.numerics import softplus
from tfvae.core.part import Part
from tfvae.core.types import DType, Tensor
from tfvae.models.hierarchical.base import LayeredPosterior
from tfvae.models.hierarchical.residual_pyramid import ResidualBlock, resolutions

_UNIT = math.log(math.e - 1.0)  # softplus(_UNIT) is 1: raw zeros are a standard normal
_FLOOR = 1e-3


class TopDownBlock(Part):
    """One layer of latent variables on the way down, z [height, width, z_channels] flat.

    p(z|above) and f from state h;  q(z|x, above) from h and the image's features
    h <- h + f(h);  h <- h + projection(z);  h <- h + g(h)

    Args:
        shape: (height, width, channels) of the state h.
        middle: channels inside the networks.
        z_channels: channels of z.
        gain: initial weights of what is added to h are multiplied by it.

    Source: Child 2021, the top-down block.

    Example:
        >>> TopDownBlock((4, 4, 6), 3, 2, 1.0).size
        32
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        middle: int,
        z_channels: int,
        gain: float,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.shape = tuple(shape)
        self.middle = middle
        self.z_channels = z_channels
        self.gain = gain
        height, breadth, width = shape
        policy = self.dtype_policy
        self.q = ResidualBlock((height, breadth, 2 * width), middle, 2 * z_channels, name="q", dtype=policy)
        self.p = ResidualBlock(shape, middle, 2 * z_channels + width, 0.0, name="p", dtype=policy)
        self.g = ResidualBlock(shape, middle, width, gain, name="g", dtype=policy)
        start: Any = keras.initializers.VarianceScaling(gain**2, "fan_avg")
        self.projection = keras.layers.Conv2D(
            width, 1, kernel_initializer=start, name="projection", dtype=policy
        )
        self.projection.build((None, height, breadth, z_channels))

    @property
    def size(self) -> int:
        """Entries of z."""
        return self.shape[0] * self.shape[1] * self.z_channels

    def prior(self, state: Tensor) -> tuple[tfd.Independent, Tensor]:
        """Return p(z|above), batch shape [N], and f(h)."""
        loc, raw, residual = tf.split(self.p(state), [self.z_channels] * 2 + [self.shape[2]], axis=-1)
        return self._normal(loc, raw), residual

    def posterior(self, state: Tensor, seen: Tensor) -> tfd.Independent:
        """Return q(z|x, above), batch shape [N], for the image's features `seen`."""
        return self._normal(*tf.split(self.q(tf.concat([state, seen], axis=-1)), 2, axis=-1))

    def after(self, state: Tensor, z: Tensor) -> Tensor:
        """Return the state once z [N, size] is drawn."""
        image = tf.reshape(z, (-1, *self.shape[:2], self.z_channels))
        state = state + tf.cast(self.projection(image), tf.float32)
        return state + self.g(state)

    def _normal(self, loc: Tensor, raw: Tensor) -> tfd.Independent:
        loc, raw = (tf.reshape(value, (-1, self.size)) for value in (loc, raw))
        return tfd.Independent(tfd.Normal(loc, _FLOOR + softplus(raw + _UNIT)), 1)


class TopDownDecoder(LayeredPosterior, Part):
    """The way down: a learned start at every resolution, and between them layers of latent variables.

    h = start_r + upsampled h of the resolution before;  then each layer of the resolution in turn

    Args:
        shape: (height, width, channels) of x.
        factors: by how much each resolution is smaller than the one before it.
        blocks: layers of latent variables at each resolution, the finest first.
        width: channels of the state.
        middle: channels inside a block.
        z_channels: channels of every z.

    Source: Child 2021.

    Example:
        >>> TopDownDecoder((8, 8, 1), (2, 4), (1, 1, 1), width=6, middle=3, z_channels=2).dims
        (128, 32, 2)
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        factors: tuple[int, ...],
        blocks: tuple[int, ...],
        width: int,
        middle: int,
        z_channels: int,
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
        self.z_channels = z_channels
        self.sizes = resolutions(shape, factors, blocks)
        self.starts = [
            self.add_weight(name=f"start_{index}", shape=(*size, width))
            for index, size in enumerate(self.sizes)
        ]
        gain = 1 / math.sqrt(sum(blocks))
        self.levels = [level for level, count in enumerate(blocks) for _ in range(count)]
        self.stochastic = [
            TopDownBlock((*self.sizes[level], width), middle, z_channels, gain, dtype=self.dtype_policy)
            for level in self.levels
        ]
        self.scale = self.add_weight(name="scale", shape=(width,), initializer="ones")
        self.shift = self.add_weight(name="shift", shape=(width,))

    @property
    def dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, the last drawn first."""
        return tuple(layer.size for layer in self.stochastic)

    def walk(self, rows: Tensor, choose: Callable[[int, Tensor, tfd.Independent], Tensor]) -> Tensor:
        """Go down, and return the last state, [rows, height, width, channels].

        Args:
            rows: N.
            choose: function from a layer's place in z (the last drawn is 0), the state before it and
                p(z|above) to the layer's z, [N, size].
        """
        top = len(self.sizes) - 1
        state = tf.tile(tf.convert_to_tensor(self.starts[top])[tf.newaxis], (rows, 1, 1, 1))
        for place in reversed(range(len(self.stochastic))):
            layer, level = self.stochastic[place], self.levels[place]
            if level < top:
                top = level
                state = tf.convert_to_tensor(self.starts[level]) + _enlarged(state, self.factors[level])
            p, residual = layer.prior(state)
            z = choose(place, state, p)
            state = layer.after(state + residual, z)
        return state * tf.convert_to_tensor(self.scale) + tf.convert_to_tensor(self.shift)


def _enlarged(value: Tensor, factor: int) -> Tensor:
    """Nearest-neighbor upsampling."""
    return tf.repeat(tf.repeat(value, factor, axis=1), factor, axis=2)
