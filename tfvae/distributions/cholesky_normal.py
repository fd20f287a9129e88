"""The Gaussian with a full covariance, with its KL divergence to independent normals."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor


class CholeskyNormal(tfd.MultivariateNormalTriL):
    """TFP's N(loc, L L^T), with the KL divergence to independent normals in closed form.

    KL(N(m, L L^T) || prod_j N(m'_j, s_j^2))
        = sum_j [((L L^T)_jj + (m_j - m'_j)^2) / (2 s_j^2) - 1/2 + log s_j - log L_jj]

    Args:
        loc: m, [..., D].
        scale_tril: L, lower triangular with a positive diagonal, [..., D, D]; these and all other arguments
            are those of `tfd.MultivariateNormalTriL`.

    Source: Kingma and Welling 2014, appendix B, for a full L.

    Example:
        >>> p = tfd.Independent(tfd.Normal(tf.zeros([2]), tf.ones([2])), 1)
        >>> float(tfd.kl_divergence(CholeskyNormal(tf.ones([2]), tf.eye(2)), p))
        1.0
    """


@tfd.RegisterKL(CholeskyNormal, tfd.Independent)
def _kl_cholesky_independent(q: CholeskyNormal, p: tfd.Independent, name: str | None = None) -> Tensor:
    inner = p.distribution
    if not isinstance(inner, tfd.Normal) or p.event_shape != q.event_shape:
        raise NotImplementedError("The KL is known for independent normals alone.")
    factor = q.scale.to_dense()
    variance = tf.reduce_sum(tf.square(factor), axis=-1)
    distance = (variance + tf.square(q.loc - inner.loc)) / (2.0 * tf.square(inner.scale))
    log_ratio = tf.math.log(inner.scale) - tf.math.log(tf.linalg.diag_part(factor))
    return tf.reduce_sum(distance - 0.5 + log_ratio, axis=-1)
