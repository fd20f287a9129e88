"""The standard normal and the KL divergence to it against TFP's."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.distributions import StandardNormal

LOC, SCALE = tf.constant([0.0, -2.0, 3.0]), tf.constant([1.0, 0.01, 40.0])


def test_the_kl_divergence_is_tfps():
    received = tfd.kl_divergence(tfd.Normal(LOC, SCALE), StandardNormal((3,)))
    expected = tfd.kl_divergence(tfd.Normal(LOC, SCALE), tfd.Normal(tf.zeros(3), tf.ones(3)))
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_it_is_tfps_normal():
    p, reference = StandardNormal((3,)), tfd.Normal(tf.zeros(3), tf.ones(3))
    assert p.batch_shape == (3,)
    np.testing.assert_array_equal(p.sample(5, seed=(1, 2)), reference.sample(5, seed=(1, 2)))
    np.testing.assert_array_equal(p.log_prob(LOC), reference.log_prob(LOC))
    assert p[1:].batch_shape == (2,)
    assert p.copy().batch_shape == (3,)
