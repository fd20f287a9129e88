"""The KL divergence of a Gaussian with a full covariance to independent normals against TFP's."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.distributions import CholeskyNormal

LOC = tf.random.stateless_normal((5, 3), (1, 2))
SCALE_TRIL = tfp.math.fill_triangular(tf.random.stateless_uniform((5, 6), (3, 4), 0.2, 2.0))


def test_the_kl_divergence_is_tfps():
    loc, scale = tf.constant([0.3, -1.0, 0.5]), tf.constant([0.5, 2.0, 1.3])
    p = tfd.Independent(tfd.Normal(loc, scale), 1)
    expected = tfd.kl_divergence(
        tfd.MultivariateNormalTriL(LOC, SCALE_TRIL), tfd.MultivariateNormalDiag(loc, scale)
    )
    np.testing.assert_allclose(tfd.kl_divergence(CholeskyNormal(LOC, SCALE_TRIL), p), expected, rtol=1e-5)


@pytest.mark.parametrize("inner", [tfd.Laplace(tf.zeros(3), 1.0), tfd.Normal(tf.zeros(2), 1.0)])
def test_to_other_distributions_it_is_not_known(inner):
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(CholeskyNormal(LOC, SCALE_TRIL), tfd.Independent(inner, 1))
