"""The von Mises-Fisher posterior."""

from __future__ import annotations

import tensorflow as tf

from tfvae.distributions import spherical
from tfvae.posteriors.spherical import Spherical


class VonMisesFisher(Spherical):
    """q(z|x) ~ exp(concentration(x) direction(x) . z) on the unit sphere.

    The draw's angle is the quantile of its own distribution, so that gradients reach the concentration
    without the rejections of the usual sampler; the normalizer comes from the same quadrature, exact
    in float32 at any concentration.

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.
        floor: smallest concentration; near 0 training easily ends with draws that say nothing of x.
        cap: the concentration stays below floor + cap, at most 1e6.

    Source: Davidson et al. 2018, section 2.

    Example:
        >>> posterior = VonMisesFisher(3)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 3]))
        >>> z.shape, round(float(tf.norm(z[0, 0])), 5)
        (TensorShape([7, 5, 3]), 1.0)
    """

    def distribution(self, params: dict[str, tf.Tensor]) -> spherical.VonMisesFisher:
        """Return the von Mises-Fisher distribution, batch shape [B]."""
        return spherical.VonMisesFisher(params["direction"], params["concentration"])
