"""The Bernoulli distribution at any logits, and for gray values."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tfvae.distributions import Bernoulli


@pytest.mark.parametrize("logits", [-90.0, -3.0, 0.0, 0.2, 9.0])
def test_the_mass_is_the_definitions(logits):
    log_mass = Bernoulli(tf.constant(logits)).log_prob([0.0, 1.0])
    np.testing.assert_allclose(log_mass, special.log_expit([-logits, logits]), rtol=1e-6, atol=1e-6)


def test_at_extreme_logits_it_is_exact():
    log_prob = Bernoulli(tf.constant([200.0, -200.0, 200.0])).log_prob([1.0, 0.0, 0.0])
    np.testing.assert_allclose(log_prob, [0.0, 0.0, -200.0])


def test_gray_values_are_not_rounded():
    """TFP's own default dtype is int32, which floors the pixels of a NumPy array."""
    logits, x = np.float32([2.0, -1.0]), np.float32([0.75, 0.25])
    expected = x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)
    np.testing.assert_allclose(Bernoulli(tf.constant(logits)).log_prob(x), expected, rtol=1e-6)


def test_draws_have_the_mass():
    logits, count = tf.constant([-2.0, 0.5]), 20000
    draws = Bernoulli(logits).sample(count, seed=(1, 2)).numpy()
    assert set(np.unique(draws)) == {0.0, 1.0}
    p = special.expit(logits)
    assert (np.abs(draws.mean(0) - p) < 4 * np.sqrt(p * (1 - p) / count)).all()
