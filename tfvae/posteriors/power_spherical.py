"""The power spherical posterior."""

from __future__ import annotations

from tfvae import distributions
from tfvae.core.types import Tensors
from tfvae.posteriors.spherical import Spherical


class PowerSpherical(Spherical):
    """q(z|x) ~ (1 + direction(x) . z)^concentration(x) on the unit sphere.

    Draws are reparameterized: their angle is a quantile of its distribution, so that gradients reach the
    concentration. The density and its KL divergence to the uniform distribution include all constants. The
    density is zero exactly opposite of `direction`.

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.
        floor: smallest concentration; near 0 posterior collapse is likely, as draws then hardly depend on x.
        cap: the concentration stays below floor + cap, at most 1e6.

    Source: De Cao and Aziz 2020, section 2.

    Example:
        >>> import tensorflow as tf
        >>> posterior = PowerSpherical(3)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 3]))
        >>> z.shape, round(float(tf.norm(z[0, 0])), 5)
        (TensorShape([7, 5, 3]), 1.0)
    """

    def distribution(self, params: Tensors) -> distributions.PowerSpherical:
        """Return the power spherical distribution, batch shape [B]."""
        return distributions.PowerSpherical(params["direction"], params["concentration"])
