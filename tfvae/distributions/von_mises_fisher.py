"""The von Mises-Fisher distribution."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.types import Tensor
from tfvae.distributions.tilted_spherical import TiltedSpherical


class VonMisesFisher(TiltedSpherical):
    """q(z) ~ exp(k direction . z) on the unit sphere, that is T = -2 s.

    Draws are reparameterized, without the rejections of the usual sampler; the normalizer and the KL
    divergence to the uniform distribution come from quadrature, exact in float32 at any concentration.

    Args:
        direction: unit vectors, [B, d] or [d].
        concentration: k > 0, [B] or [].
        name: of the distribution.

    Source: Davidson et al. 2018, section 2.

    Example:
        >>> q = VonMisesFisher(tf.constant([0.0, 0.0, 1.0]), tf.constant(1.0))
        >>> float(q.prob([0.0, 0.0, 1.0]))    # e / (4 pi sinh 1)
        0.184065...
    """

    def __init__(self, direction: Tensor, concentration: Tensor, name: str = "VonMisesFisher"):
        super().__init__(direction, concentration, name)

    def _statistic(self, y: Tensor) -> Tensor:
        return -2.0 * tf.sigmoid(2.0 * y)

    def _mode(self, k: Tensor) -> Tensor:
        return 0.5 - k / (self._others + tf.sqrt(self._others**2 + 4.0 * tf.square(k)))
