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
_SMALLEST, _LARGEST = tf.float32.min, tf.float32.max


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

    def covers(self, smallest: float | tf.Tensor, largest: float | tf.Tensor) -> bool | tf.Tensor:
        """Return whether finite values between these two are inside; False where one is NaN or infinite."""
        low, high = max(self.low, _SMALLEST), min(self.high, _LARGEST)
        return (smallest >= low) & (largest <= high)

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

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the encoder sees of x, [B, ...]: x itself, unless the data's kind asks for a change."""
        return x

    @abc.abstractmethod
    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z], [..., *event]."""
