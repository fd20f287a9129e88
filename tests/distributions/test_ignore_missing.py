"""Missing values have log density 0 and gradient 0."""

import numpy as np
import tensorflow as tf
from scipy import stats
from tensorflow_probability import distributions as tfd

from tfvae.distributions import IgnoreMissing

NAN = float("nan")


def test_observed_values_have_their_density_and_missing_ones_none():
    p = IgnoreMissing(tfd.Normal(tf.constant([0.0, 1.0]), 2.0), 0.0)
    x = np.float32([[0.5, NAN], [NAN, -1.0], [NAN, NAN]])
    expected = [[stats.norm.logpdf(0.5, 0, 2), 0], [0, stats.norm.logpdf(-1, 1, 2)], [0, 0]]
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-6)


def test_gradients_at_missing_values_are_zero():
    """Also of a density that has none at 0, whose fill value is another."""
    loc, x = tf.constant([0.0, 0.5]), tf.constant([2.0, NAN])
    with tf.GradientTape() as tape:
        tape.watch([loc, x])
        log_prob = IgnoreMissing(tfd.LogNormal(loc, 1.0), 1.0).log_prob(x)
    for gradient in tape.gradient(log_prob, [loc, x]):
        assert np.isfinite(gradient).all()
        assert gradient[0] != 0
        assert gradient[1] == 0


def test_draws_and_mean_are_those_of_the_elements():
    elements = tfd.Normal(tf.constant([0.0, 1.0]), 2.0)
    p = IgnoreMissing(elements, 0.0)
    np.testing.assert_array_equal(p.sample(3, seed=(1, 2)), elements.sample(3, seed=(1, 2)))
    np.testing.assert_array_equal(p.mean(), elements.mean())
