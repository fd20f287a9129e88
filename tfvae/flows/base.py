"""What a flow is."""

from __future__ import annotations

import abc

from tfvae.core.checks import integer
from tfvae.core.part import Part
from tfvae.core.types import DType, Tensor


class Flow(Part, abc.ABC):
    """A trainable bijection z = f(u) of R^d; abstract.

    Both directions return log |det dz/du| at that point, the same number in both:
    log p(z) = log p(u) - log |det dz/du|. Everything is computed in float32 in any dtype policy, as a
    bijection in half precision has no accurate inverse. Any number of leading axes.

    Args:
        latent_dim: the dimension d.
    """

    latent_dim: int

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)

    @abc.abstractmethod
    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z [..., d] and log |det dz/du| [...] for u [..., d]."""

    @abc.abstractmethod
    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u [..., d] and log |det dz/du| [...] for z [..., d]."""
