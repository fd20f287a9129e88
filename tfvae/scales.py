"""The scale of a likelihood with location and scale: fixed, learned, or from the network."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.checks import integers, is_number, positive, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.numerics import softplus
from tfvae.core.part import Part
from tfvae.core.replicas import sum_over_replicas
from tfvae.core.types import DType, Tensor

__all__ = ["Fixed", "Learned", "Optimal", "PerElement", "Scale", "as_scale"]


def __dir__() -> list[str]:
    return __all__


class Scale(Part):
    """A positive scale; abstract.

    Attributes:
        shape: of the scale itself, () or that of the event.
        channels: number of parameters that the scale takes from the network for each element of the event.
    """

    shape: tuple[int, ...] = ()
    channels = 0

    def scale(self, raw: list[Tensor]) -> Tensor:
        """Return the scale from `channels` raw tensors of shape [..., *event]."""
        raise NotImplementedError

    def observe(self, powers: Tensor, exponent: float) -> None:
        """Observe the errors of a training batch; only `Optimal` learns from them.

        mean(|x - loc|^exponent)^(1 / exponent) is the scale under which the batch has the highest density.

        Args:
            powers: |x - loc|^exponent, [..., *event], NaN where x is missing.
            exponent: 2 for a normal, 1 for a Laplace.
        """


class Fixed(Scale):
    """The same constant for every element.

    Args:
        value: the scale, positive.

    Example:
        >>> float(Fixed(0.1).scale([]))
        0.10000000149011612
    """

    def __init__(self, value: float, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.value = positive("value", value)

    def scale(self, raw: list[Tensor]) -> Tensor:
        """Return the constant."""
        return tf.constant(self.value, tf.float32)


class Learned(Scale):
    """Trained numbers that are the same for every example, scale = floor + exp(w).

    Args:
        initial: the initial scale, above the floor.
        floor: lower bound of the scale.
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
        dtype: DType = None,
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

    def scale(self, raw: list[Tensor]) -> Tensor:
        """Return floor + exp(w)."""
        return self.floor + tf.exp(tf.convert_to_tensor(self.log_scale, tf.float32))


class Optimal(Scale):
    """The scale under which the training data have the highest density given their reconstructions.

    scale^2 <- decay scale^2 + (1 - decay) mean((x - loc)^2)   for a normal, after each training batch

    For a `Laplace` it is the mean of |x - loc|. No gradient reaches the scale: it follows the error of the
    reconstructions, so that distortion and rate are balanced in any units of x, and no beta has to
    be chosen. The first batch sets it. On several replicas it is that of the whole batch.

    Args:
        shape: () for one scale for all elements; the event's shape for one for each of them, such as the
            columns of a table.
        decay: of the running average over batches, in [0, 1); 0 takes each batch by itself.
        floor: lower bound of the scale.

    Source: Rybkin et al. 2021 (sigma-VAE), section 3, equation 5, where each batch is taken by itself.

    Example:
        >>> scale = Optimal()
        >>> scale.observe(tf.constant([[1.0, 3.0], [5.0, 7.0]]), exponent=2.0)
        >>> float(scale.scale([]))    # sqrt(4)
        2.0
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (),
        decay: float = 0.9,
        floor: float = 1e-3,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.shape = integers("shape", shape) if shape else ()
        self.decay = real_number("decay", decay, 0, 1)
        self.floor = positive("floor", floor)
        if self.decay == 1:
            raise InvalidInput("decay", "a number of at least 0 and below 1", decay)
        # All replicas assign the same, made of sums over all of them, so the mean is that value.
        self.estimate = self.add_weight(
            name="estimate", shape=self.shape, initializer="ones", trainable=False, aggregation="mean"
        )
        self.batches = self.add_weight(name="batches", shape=(), trainable=False, aggregation="mean")

    def scale(self, raw: list[Tensor]) -> Tensor:
        """Return max(floor, estimate)."""
        return tf.maximum(tf.convert_to_tensor(self.estimate, tf.float32), self.floor)

    def observe(self, powers: Tensor, exponent: float) -> None:
        """Move the estimate toward that of a batch."""
        seen = ~tf.math.is_nan(powers)
        axes = range(powers.shape.rank - len(self.shape))
        total = sum_over_replicas(tf.reduce_sum(tf.where(seen, powers, 0.0), axis=axes))
        count = sum_over_replicas(tf.reduce_sum(tf.cast(seen, tf.float32), axis=axes))
        before = tf.convert_to_tensor(self.estimate, tf.float32) ** exponent
        first = tf.convert_to_tensor(self.batches) == 0
        decay = tf.where(first, 0.0, self.decay)
        new = decay * before + (1 - decay) * total / tf.maximum(count, 1.0)
        self.estimate.assign(tf.where(count > 0, new, before) ** (1 / exponent))
        self.batches.assign_add(1.0)


class PerElement(Scale):
    """One scale for each element of each example, from the network: floor + softplus(raw).

    Args:
        floor: lower bound of the scale.

    Example:
        >>> float(PerElement(0.1).scale([tf.constant(0.0)]))    # 0.1 + log 2
        0.793147...
    """

    channels = 1

    def __init__(self, floor: float = 1e-2, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.floor = positive("floor", floor)

    def scale(self, raw: list[Tensor]) -> Tensor:
        """Return floor + softplus(raw)."""
        return self.floor + softplus(raw[0])


def as_scale(argument: str, value: float | Scale) -> Scale:
    """Return a scale unchanged, and a number as a fixed scale.

    Args:
        argument: name of the argument, for the error.
        value: a scale, or a positive number.

    Raises:
        InvalidInput: for anything else.

    Example:
        >>> as_scale("scale", 2.0).value
        2.0
    """
    if isinstance(value, Scale):
        return value
    if not is_number(value):
        raise InvalidInput(argument, "a positive number or one of tfvae.scales", repr(value))
    return Fixed(positive(argument, value))
