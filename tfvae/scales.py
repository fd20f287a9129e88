"""The scale of a likelihood with location and scale: fixed, learned, or from the network."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.checks import integers, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.numerics import softplus
from tfvae.core.part import Part


class Scale(Part):
    """A positive scale; abstract.

    Attributes:
        shape: of the scale itself, () or that of the event.
        channels: how many parameters per element of the event the scale takes from the network.
    """

    shape: tuple[int, ...] = ()
    channels = 0

    def scale(self, raw: list[tf.Tensor]) -> tf.Tensor:
        """Return the scale from `channels` raw tensors of shape [..., *event]."""
        raise NotImplementedError


class Fixed(Scale):
    """The same constant for every element.

    Example:
        >>> float(Fixed(0.1).scale([]))
        0.10000000149011612
    """

    def __init__(self, value: float, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.value = positive("value", value)

    def scale(self, raw: list[tf.Tensor]) -> tf.Tensor:
        """Return the constant."""
        return tf.constant(self.value, tf.float32)


class Learned(Scale):
    """Trained numbers that are the same for every example, scale = floor + exp(w).

    Args:
        initial: the scale at the start.
        floor: what it stays above.
        shape: () for one number for all elements; the event's shape for one for each of them, such as the
            columns of a table.

    Source: the optimal-sigma decoder of Rybkin et al. 2021, section 3, learned by gradient.

    Example:
        >>> Learned(0.5, shape=(2,)).scale([]).numpy()
        array([0.5, 0.5], dtype=float32)
    """

    def __init__(
        self,
        initial: float = 1.0,
        floor: float = 1e-3,
        shape: tuple[int, ...] = (),
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.shape = integers("shape", shape) if shape else ()
        self.initial = positive("initial", initial)
        self.floor = positive("floor", floor)
        if not floor < initial:
            raise InvalidInput("initial", f"a scale above the floor {floor}", initial)
        start = math.log(initial - floor)
        self.log_scale = self.add_weight(
            name="log_scale",
            shape=self.shape,
            initializer=lambda shape, dtype: tf.constant(start, dtype, shape),
        )

    def scale(self, raw: list[tf.Tensor]) -> tf.Tensor:
        """Return floor + exp(w)."""
        return self.floor + tf.exp(tf.convert_to_tensor(self.log_scale, tf.float32))


class PerElement(Scale):
    """One scale for each element of each example, from the network: floor + softplus(raw)."""

    channels = 1

    def __init__(self, floor: float = 1e-2, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.floor = positive("floor", floor)

    def scale(self, raw: list[tf.Tensor]) -> tf.Tensor:
        """Return floor + softplus(raw)."""
        return self.floor + softplus(raw[0])


def as_scale(argument: str, value: float | Scale) -> Scale:
    """Return a scale as it is, and a number as a fixed one."""
    if isinstance(value, Scale):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(argument, "a positive number or one of tfvae.scales", repr(value))
    return Fixed(positive(argument, value))
