"""The power spherical distribution."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.types import Tensor
from tfvae.distributions.tilted_spherical import TiltedSpherical


class PowerSpherical(TiltedSpherical):
    """q(z) ~ (1 + direction . z)^k on the unit sphere, that is T = log(1 - s).

    Draws are reparameterized; the normalizer and the KL divergence to the uniform distribution come from
    quadrature, exact in float32 at any concentration.

    Args:
        direction: unit vectors, [B, d] or [d].
        concentration: k > 0, [B] or [].
        name: of the distribution.

    Source: De Cao and Aziz 2020, section 2.

    Example:
        >>> q = PowerSpherical(tf.constant([0.0, 0.0, 1.0]), tf.constant(1.0))
        >>> float(q.prob([0.0, 0.0, 1.0]))    # 1 / (2 pi): twice the uniform density
        0.159154...
    """

    def __init__(self, direction: Tensor, concentration: Tensor, name: str = "PowerSpherical"):
        super().__init__(direction, concentration, name)

    def _statistic(self, y: Tensor) -> Tensor:
        return -tf.math.softplus(2.0 * y)

    def _mode(self, k: Tensor) -> Tensor:
        return 0.5 * self._others / (self._others + k)
