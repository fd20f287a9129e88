"""The power spherical posterior."""

from __future__ import annotations

import tensorflow as tf

from tfvae.distributions import spherical
from tfvae.posteriors.spherical import Spherical


class PowerSpherical(Spherical):
    """q(z|x) ~ (1 + direction(x) . z)^concentration(x) on the unit sphere.

    The draw's angle is the quantile of its own distribution, so that gradients reach the concentration;
    the density and its KL to the uniform distribution are complete. Directions of zero density exist:
    exactly opposite of `direction`.

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.
        floor: smallest concentration; near 0 training easily ends with draws that say nothing of x.
        cap: the concentration stays below floor + cap, at most 1e6.

    Source: De Cao and Aziz 2020, section 2.

    Example:
        >>> posterior = PowerSpherical(3)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 3]))
        >>> z.shape, round(float(tf.norm(z[0, 0])), 5)
        (TensorShape([7, 5, 3]), 1.0)
    """

    def distribution(self, params: dict[str, tf.Tensor]) -> spherical.PowerSpherical:
        """Return the power spherical distribution, batch shape [B]."""
        return spherical.PowerSpherical(params["direction"], params["concentration"])
