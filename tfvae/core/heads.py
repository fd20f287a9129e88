"""The last projection of a network: from features to the parameters that a part needs."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor


class Head(keras.layers.Layer):
    """A dense projection to `channels` parameters for each element of an event, in float32.

    Features of shape [B, n] are projected to the whole event. Features that already have the event's
    leading axes, [B, H, W, n] for an event (H, W, C), are projected element by element (a 1x1
    convolution). The result has shape [B, *event, channels].
    """

    def __init__(
        self, event_shape: tuple[int, ...], channels: int, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.event_shape = tuple(event_shape)
        self.channels = channels

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Choose the projection that fits the features' shape."""
        features, event = tuple(input_shape[1:]), self.event_shape
        if len(features) == 1:
            units = math.prod(event) * self.channels
        elif len(event) > 1 and features[:-1] == event[:-1]:
            units = event[-1] * self.channels
        else:
            fits = f"(batch, features) or (batch, {', '.join(map(str, (*event[:-1], 'features')))})"
            raise InvalidInput("features", f"shape {fits} for an event {event}", tuple(input_shape))
        self.dense = keras.layers.Dense(units, name="dense", dtype=self.dtype_policy)
        self.dense.build(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Project [B, ...] to [B, *event, channels]."""
        raw = tf.cast(self.dense(inputs), tf.float32)
        return tf.reshape(raw, (-1, *self.event_shape, self.channels))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Shape [B, *event, channels]."""
        return (input_shape[0], *self.event_shape, self.channels)


def latent_head(latent_dim: int, rows: int, channels: int, dtype: DType) -> Head:
    """Return the projection of features to z: of all of them at once, or row by row with the same weights."""
    event = (latent_dim,) if rows == 1 else (rows, latent_dim // rows)
    return Head(event, channels, name="head", dtype=dtype)


def by_row(shape: tuple[Any, ...], rows: int) -> tuple[Any, ...]:
    """Return the shape [B, n], or [B, rows, n], that features of a shape [B, ...] have before `latent_head`.

    Example:
        >>> by_row((None, 6, 4), 1), by_row((None, 6, 4), 6)
        ((None, 24), (None, 6, 4))
    """
    if rows == 1:
        return shape[0], math.prod(shape[1:])
    if len(shape) != 3 or shape[1] != rows:
        raise InvalidInput("features", f"shape (batch, {rows}, features)", tuple(shape))
    return shape


def check_rows(latent_dim: int, rows: int) -> int:
    """Return a number of rows that share z equally, or raise."""
    if not rows >= 1 or latent_dim % rows:
        raise InvalidInput("rows", f"an integer that divides latent_dim {latent_dim}", rows)
    return rows
