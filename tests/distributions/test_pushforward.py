"""The distribution of a transformed variable against the one in closed form."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.distributions import Pushforward

BASE = tfd.Independent(tfd.Normal(tf.zeros(2), tf.ones(2)), 1)


def _forward(u):
    """Z = exp(u), whose log-determinant is the sum of u."""
    return tf.exp(u), tf.reduce_sum(u, -1)


def _inverse(z):
    return tf.math.log(z), tf.reduce_sum(tf.math.log(z), -1)


def test_exponentials_of_normals_are_log_normal():
    p, reference = Pushforward(BASE, _forward, _inverse), tfd.LogNormal(tf.zeros(2), tf.ones(2))
    z = tf.random.stateless_uniform((9, 2), (1, 2), 0.1, 5.0)
    np.testing.assert_allclose(p.log_prob(z), tf.reduce_sum(reference.log_prob(z), -1), rtol=1e-5)
    np.testing.assert_allclose(p.sample(5, seed=(1, 2)), tf.exp(BASE.sample(5, seed=(1, 2))))
    assert (p.batch_shape, p.event_shape) == ((), (2,))


def test_no_kl_divergence_is_registered():
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(Pushforward(BASE, _forward, _inverse), BASE)
