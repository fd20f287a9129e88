"""The von Mises-Fisher posterior."""

from __future__ import annotations

from tfvae import distributions
from tfvae.core.types import Tensors
from tfvae.posteriors.spherical import Spherical


class VonMisesFisher(Spherical):
    """q(z|x) ~ exp(concentration(x) direction(x) . z) on the unit sphere.

    Draws are reparameterized: their angle is a quantile of its distribution, so that gradients reach the
    concentration without the rejections of the usual sampler. The normalizer comes from the same
    quadrature, exact in float32 at any concentration.

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.
        floor: smallest concentration; near 0 posterior collapse is likely, as draws then hardly depend on x.
        cap: the concentration stays below floor + cap, at most 1e6.

    Source: Davidson et al. 2018, section 2.

    Example:
        >>> import tensorflow as tf
        >>> posterior = VonMisesFisher(3)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 3]))
        >>> z.shape, round(float(tf.norm(z[0, 0])), 5)
        (TensorShape([7, 5, 3]), 1.0)
    """

    def distribution(self, params: Tensors) -> distributions.VonMisesFisher:
        """Return the von Mises-Fisher distribution, batch shape [B]."""
        return distributions.VonMisesFisher(params["direction"], params["concentration"])
