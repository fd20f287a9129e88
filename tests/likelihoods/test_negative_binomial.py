"""The negative binomial against SciPy, at counts from 0 to a million."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.likelihoods import NegativeBinomial

LOG_MEANS = np.float32([-15.9, -5.0, 0.0, 1.0, 4.0, 8.0, 11.0, 13.8, 15.9])
COUNTS = np.float32([0, 1, 2, 9, 10, 11, 12, 100, 2999, 60000, 10**6])


def _negative_binomial(log_mean, raw_log_r):
    likelihood = NegativeBinomial((1,))
    likelihood.raw_log_r.assign([raw_log_r])
    return likelihood, likelihood.distribution({"log_mean": tf.reshape(log_mean, (-1, 1))})


def _r(raw_log_r):
    return np.exp(raw_log_r / np.sqrt(1 + (raw_log_r / 10) ** 2))


@pytest.mark.parametrize("raw_log_r", [-50.0, -3.0, 0.0, 2.0, 5.0, 50.0])
def test_the_mass_is_scipys(raw_log_r):
    likelihood = NegativeBinomial((1,))
    likelihood.raw_log_r.assign([raw_log_r])
    log_mean, x = (grid.ravel() for grid in np.meshgrid(LOG_MEANS, COUNTS))
    received = likelihood.distribution({"log_mean": log_mean[:, np.newaxis]}).log_prob(x[:, np.newaxis])
    r, mean = _r(raw_log_r), np.exp(np.float64(log_mean))
    expected = stats.nbinom.logpmf(x, r, r / (r + mean))
    # Relative to the largest of the terms that cancel: r log(1 + mean / r).
    error = np.abs(received - expected) / (1 + np.abs(expected) + r * np.log1p(mean / r))
    assert error.max() < 2e-6


@pytest.mark.parametrize("raw_log_r", [-50.0, 0.0, 3.0, 50.0])
def test_the_gradients_are_the_formulas(raw_log_r):
    likelihood = NegativeBinomial((1,))
    likelihood.raw_log_r.assign([raw_log_r])
    log_mean = tf.reshape(tf.tile(LOG_MEANS, [len(COUNTS)]), (-1, 1))
    x = np.repeat(COUNTS, len(LOG_MEANS))[:, np.newaxis]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(log_mean)
        log_prob = likelihood.distribution({"log_mean": log_mean}).log_prob(x)
    mean, r = np.exp(np.float64(log_mean)), _r(raw_log_r)
    expected = (x - mean) * r / (r + mean)
    np.testing.assert_allclose(tape.gradient(log_prob, log_mean), expected, rtol=1e-4, atol=1e-3)
    slope = special.digamma(x + r) - special.digamma(r) + np.log(r / (r + mean)) + (mean - x) / (r + mean)
    chain = r * (1 + (raw_log_r / 10) ** 2) ** -1.5
    received = float(tape.gradient(log_prob, likelihood.raw_log_r)[0])
    assert received == pytest.approx(np.sum(slope) * chain, rel=1e-3)


def test_a_large_r_is_a_poisson():
    x = np.arange(20, dtype="float32")[:, np.newaxis]
    _, px = _negative_binomial(1.0, 1e4)
    np.testing.assert_allclose(px.log_prob(x), stats.poisson.logpmf(x[:, 0], np.e), atol=0.02)  # x^2 / (2 r)


def test_each_element_has_its_own_dispersion():
    likelihood = NegativeBinomial((2, 3))
    likelihood.raw_log_r.assign([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    variance = likelihood.distribution({"log_mean": tf.zeros((1, 2, 3))}).variance()[0]
    np.testing.assert_allclose(variance, 1 + 1 / _r(np.arange(6.0).reshape(2, 3)), rtol=1e-5)


@pytest.mark.parametrize("log_mean", [-15.9, -2.0, 1.0, 4.0])
def test_the_mass_sums_to_one(log_mean):
    grid = np.arange(4000, dtype="float32")[:, np.newaxis]
    _, px = _negative_binomial(log_mean, 0.5)
    assert np.exp(np.float64(px.log_prob(grid))).sum() == pytest.approx(1.0, abs=1e-5)
