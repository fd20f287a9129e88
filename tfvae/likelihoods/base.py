"""What a likelihood is, and which values it can take."""

from __future__ import annotations

import abc
import dataclasses
import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.errors import InvalidInput
from tfvae.part import Part

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True)
class Support:
    """The values that a likelihood gives a density to: an interval, or the finite numbers.

    Attributes:
        low: smallest value.
        high: largest value.
        hint: what usually helps, added to the error message.
    """

    low: float = -math.inf
    high: float = math.inf
    hint: str = ""

    def contains(self, x: tf.Tensor) -> tf.Tensor:
        """Return whether every value of x is finite and inside, a boolean scalar."""
        inside = tf.math.is_finite(x)
        if math.isfinite(self.low) and math.isfinite(self.high):
            inside = (x >= self.low) & (x <= self.high)
        elif math.isfinite(self.low):
            inside &= x >= self.low
        elif math.isfinite(self.high):
            inside &= x <= self.high
        return tf.reduce_all(inside)

    def covers(self, smallest: float, largest: float) -> bool:
        """Return whether values between these two are finite and inside; False where one is NaN."""
        finite = math.isfinite(smallest) and math.isfinite(largest)
        return finite and self.low <= smallest and largest <= self.high

    def __str__(self) -> str:
        interval = "finite numbers"
        if math.isfinite(self.low) or math.isfinite(self.high):
            interval += f" in [{self.low:g}, {self.high:g}]"
        return interval + self.hint


class Likelihood(Part, abc.ABC):
    """p(x|z): from features h of shape [B, ...] to a distribution over x; abstract.

    Attributes:
        event_shape: shape of one example.
        support: the values x can take.
    """

    event_shape: tuple[int, ...]
    support = Support()

    def __init__(self, event_shape: tuple[int, ...], *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        event_shape = (event_shape,) if isinstance(event_shape, int) else tuple(event_shape)
        if not event_shape or any(not size >= 1 for size in event_shape):
            raise InvalidInput("event_shape", "one or more sizes of at least 1", event_shape)
        self.event_shape = event_shape

    @abc.abstractmethod
    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the parameters of p(x|z), tensors [B, ...] in float32."""

    @abc.abstractmethod
    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return p(x|z) for parameters [..., *event]."""

    @abc.abstractmethod
    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z], [..., *event]."""
