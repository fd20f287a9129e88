"""What the posteriors on the unit sphere share: a direction and a concentration."""

from __future__ import annotations

import abc

from tfvae.core.checks import integer, positive, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import TiltedSpherical
from tfvae.distributions.sphere import unit_vectors
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior

LARGEST_CONCENTRATION = 1e6  # beyond it neighboring points of float32 differ visibly in density


class Spherical(Posterior, abc.ABC):
    """q(z|x) on the unit sphere, symmetric around direction(x); abstract.

    concentration = floor + s / (1 + s / cap),  s = softplus(raw)

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.
        floor: smallest concentration; near 0 posterior collapse is likely, as draws then hardly depend on x.
        cap: the concentration stays below floor + cap.
    """

    space = "sphere"

    def __init__(
        self,
        latent_dim: int,
        floor: float = 1.0,
        cap: float = 1e4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.floor = real_number("floor", floor, at_least=1e-3)
        if not floor < cap <= LARGEST_CONCENTRATION:
            raise InvalidInput("cap", f"one above the floor, at most {LARGEST_CONCENTRATION:g}", cap)
        self.latent_dim = integer("latent_dim", latent_dim, 2)
        self.cap = positive("cap", cap)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features."""
        self.head = Head((self.latent_dim + 1,), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], num_features(input_shape)))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"direction" [B, latent_dim] of length 1, "concentration" [B]}."""
        raw = self.head(flatten(inputs))[..., 0]
        size = softplus(raw[:, -1])
        return {
            "direction": unit_vectors(raw[:, :-1]),
            "concentration": self.floor + size / (1.0 + size / self.cap),
        }

    @abc.abstractmethod
    def distribution(self, params: Tensors) -> TiltedSpherical:
        """Return q(z|x), batch shape [B]; its KL to the uniform distribution is exact."""

    def location(self, params: Tensors) -> Tensor:
        """Return the direction, where the density is largest."""
        return params["direction"]

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location" [B, latent_dim], "concentration" [B]}."""
        return {"location": params["direction"], "concentration": params["concentration"]}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return unit vectors and their log density with respect to area."""
        return self.distribution(params).from_noise(noise)
