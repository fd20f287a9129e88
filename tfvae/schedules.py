"""Weights that follow the training step: constant, linear, cyclical."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import integer, is_number, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.core.types import Tensor

__all__ = ["Constant", "Cyclical", "Linear", "Schedule", "as_schedule"]


def __dir__() -> list[str]:
    return __all__


class Schedule(Configured, abc.ABC):
    """A weight as a function of the number of optimizer steps taken; abstract."""

    @abc.abstractmethod
    def __call__(self, step: Tensor) -> Tensor:
        """Return the weight at `step` (float32 scalar)."""


class Constant(Schedule):
    """The same weight at every step.

    Example:
        >>> float(Constant(4.0)(100.0))
        4.0
    """

    def __init__(self, value: float):
        self.value = real_number("value", value, at_least=0)

    def __call__(self, step: Tensor) -> Tensor:
        """Return the value."""
        return tf.constant(self.value, tf.float32)


class Linear(Schedule):
    """From `start` to `end` in `steps` steps, then `end`.

    weight(t) = start + (end - start) min(t / steps, 1)

    With steps = 0 it is `end` at every step.

    Source: the warm-up of Bowman et al. 2016 and Sonderby et al. 2016.

    Example:
        >>> [float(Linear(0.0, 1.0, steps=10)(t)) for t in (0.0, 5.0, 10.0, 99.0)]
        [0.0, 0.5, 1.0, 1.0]
    """

    def __init__(self, start: float, end: float, steps: int):
        self.start = real_number("start", start, at_least=0)
        self.end = real_number("end", end, at_least=0)
        self.steps = integer("steps", steps, 0)

    def __call__(self, step: Tensor) -> Tensor:
        """Return the weight at `step`."""
        if self.steps == 0:
            return tf.constant(self.end, tf.float32)
        fraction = tf.minimum(tf.cast(step, tf.float32) / self.steps, 1.0)
        return self.start + (self.end - self.start) * fraction


class Cyclical(Schedule):
    """A linear rise from `start` to `end`, repeated in every period.

    weight(t) = start + (end - start) min((t mod period) / (rise period), 1)

    Args:
        start: weight at the start of each period.
        end: weight reached after the share `rise` of each period, and kept to its end.
        period: length of a cycle in steps.
        rise: share of the period in which the weight rises, in (0, 1].

    Source: Fu et al. 2019, equations 6 and 7.

    Example:
        >>> [float(Cyclical(0.0, 1.0, period=10)(t)) for t in (0.0, 2.5, 5.0, 9.0, 10.0)]
        [0.0, 0.5, 1.0, 1.0, 0.0]
    """

    def __init__(self, start: float, end: float, period: int, rise: float = 0.5):
        self.start = real_number("start", start, at_least=0)
        self.end = real_number("end", end, at_least=0)
        self.period = integer("period", period)
        if not 0 < rise <= 1:
            raise InvalidInput("rise", "a share in (0, 1]", rise)
        self.rise = rise

    def __call__(self, step: Tensor) -> Tensor:
        """Return the weight at `step`."""
        position = tf.math.floormod(tf.cast(step, tf.float32), float(self.period))
        fraction = tf.minimum(position / (self.rise * self.period), 1.0)
        return self.start + (self.end - self.start) * fraction


def as_schedule(argument: str, value: float | Schedule) -> Schedule:
    """Return a schedule unchanged, and a number as a constant one."""
    if isinstance(value, Schedule):
        return value
    if not is_number(value):
        raise InvalidInput(argument, "a number or a schedule", repr(value))
    return Constant(real_number(argument, value, at_least=0))
