"""The Poisson distribution against SciPy, at counts from 0 to a million."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.distributions import Poisson

LOG_MEANS = np.float32([-15.9, -5.0, 0.0, 1.0, 4.0, 8.0, 11.0, 13.8, 15.9])
COUNTS = np.float32([0, 1, 2, 9, 10, 11, 12, 100, 2999, 60000, 10**6])


@pytest.mark.parametrize("log_mean", LOG_MEANS)
def test_the_mass_is_scipys(log_mean):
    """Also for counts around a large mean, where x log m - m - log x! is out by a nat in float32."""
    mean = np.exp(np.float64(log_mean))
    x = np.concatenate([COUNTS, np.float32(np.round(mean + np.sqrt(mean) * np.arange(-3, 4)))])
    x = x[x >= 0]
    received = Poisson(log_rate=tf.constant(log_mean)).log_prob(x)
    expected = stats.poisson.logpmf(x, mean)
    # x - mean is what the mean's own rounding, relative to it, is multiplied by.
    error = np.abs(received - expected) / (1 + np.abs(expected) + np.abs(x - mean))
    assert error.max() < 1e-6


@pytest.mark.parametrize("log_mean", LOG_MEANS)
def test_the_gradient_is_x_minus_the_mean(log_mean):
    value = tf.fill((len(COUNTS),), log_mean)
    with tf.GradientTape() as tape:
        tape.watch(value)
        log_prob = Poisson(log_rate=value).log_prob(COUNTS)
    mean = np.exp(np.float64(log_mean))
    error = np.abs(tape.gradient(log_prob, value) - (COUNTS - mean)) / (1 + COUNTS + mean)
    assert error.max() < 1e-6


@pytest.mark.parametrize("log_mean", [-15.9, -2.0, 1.0, 4.0])
def test_the_mass_sums_to_one(log_mean):
    log_mass = Poisson(log_rate=tf.constant(log_mean)).log_prob(np.arange(4000, dtype="float32"))
    assert np.exp(np.float64(log_mass)).sum() == pytest.approx(1.0, abs=1e-5)
