"""What a flow is."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.part import Part


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
        self.latent_dim = integer("latent_dim", latent_dim)

    @abc.abstractmethod
    def forward(self, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z [..., d] and log |det dz/du| [...] for u [..., d]."""

    @abc.abstractmethod
    def inverse(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return u [..., d] and log |det dz/du| [...] for z [..., d]."""
