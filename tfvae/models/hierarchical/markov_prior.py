"""The prior of a hierarchy: each layer of latent variables given the one above."""

from __future__ import annotations

import itertools
from typing import Any

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.types import DType, InputShape, Tensor
from tfvae.priors import Conditional, Prior, StandardNormal


class MarkovPrior(Part):
    """p(z) = p(z_L) prod_l p(z_l | z_{l+1}), diagonal normals.

    Args:
        levels: p(z_1|z_2), ..., p(z_{L-1}|z_L), each `priors.Conditional`, and p(z_L), a
            `priors.StandardNormal`.

    Source: Sonderby et al. 2016.

    Example:
        >>> import tensorflow as tf
        >>> import tfvae
        >>> below = tfvae.priors.Conditional(4, tfvae.networks.mlp((8,)), condition_dim=2)
        >>> chain = MarkovPrior([below, StandardNormal(2)])
        >>> [tuple(z.shape) for z in chain.draw([tf.zeros((5, 4)), tf.zeros((5, 2))])]
        [(5, 4), (5, 2)]
    """

    def __init__(self, levels: list[Prior], *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.levels = list(levels)
        kinds = [type(level) for level in self.levels]
        if kinds != [Conditional] * (len(kinds) - 1) + [StandardNormal]:
            received = [kind.__name__ for kind in kinds]
            raise InvalidInput("levels", "Conditional priors, then a StandardNormal on top", received)
        for level, above in itertools.pairwise(self.levels):
            if level.condition_dim != above.latent_dim:
                raise InvalidInput(
                    "levels",
                    f"condition_dim {above.latent_dim}, that of the level above",
                    level.condition_dim,
                )

    @property
    def output_shape(self) -> InputShape:
        """The shape of all layers of z for a batch, which `summary()` shows."""
        return (None, sum(self.dims))

    @property
    def dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""
        return tuple(level.latent_dim for level in self.levels)

    def conditional(self, index: int, z: list[Tensor | None]) -> Any:
        """Return p(z_l | z_{l+1}) of the layer at `index`, for layers of which those above are there."""
        above = z[index + 1] if index + 1 < len(self.levels) else None
        return self.levels[index].distribution(condition=above)

    def draw(self, noise: list[Tensor]) -> list[Tensor]:
        """Return all layers, z_l = loc + scale noise_l, [N, d_l]."""
        z, above = [], None
        for level, row in zip(reversed(self.levels), reversed(noise), strict=True):
            above = level.transform(row, condition=above)
            z.insert(0, above)
        return z
