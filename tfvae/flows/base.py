"""What a flow is."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.errors import InvalidInput
from tfvae.part import Part


class Flow(Part, abc.ABC):
    """A trainable bijection z = f(u) of R^d; abstract.

    Both directions return log |det dz/du| at that point, the same number whichever way it was reached:
    log p(z) = log p(u) - log |det dz/du|. All is computed in float32 whatever the dtype policy, as a
    bijection in half precision has no inverse to speak of. Any number of leading axes.

    Attributes:
        latent_dim: the dimension d.
    """

    latent_dim: int

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = whole("latent_dim", latent_dim)

    @abc.abstractmethod
    def forward(self, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z [..., d] and log |det dz/du| [...] for u [..., d]."""

    @abc.abstractmethod
    def inverse(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return u [..., d] and log |det dz/du| [...] for z [..., d]."""


def bounded(raw: tf.Tensor, limit: float = 2.0) -> tf.Tensor:
    """Return limit tanh(raw / limit), of slope 1 at 0: what cannot run away in training."""
    return limit * tf.tanh(raw / limit)


def whole(argument: str, value: int, smallest: int = 1) -> int:
    """Return a whole number of at least `smallest`, or refuse it."""
    if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
        raise InvalidInput(argument, f"a whole number of at least {smallest}", value)
    return value


def sizes(argument: str, value: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes of hidden layers as a tuple, or refuse them."""
    value = (value,) if isinstance(value, int) else tuple(value)
    if not value or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in value):
        raise InvalidInput(argument, "one or more whole numbers of at least 1", value)
    return value
