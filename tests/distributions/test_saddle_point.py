"""The saddle-point form: deviances and Stirling's remainder against float64, and counts of every size."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import Multinomial, NegativeBinomial, Poisson
from tfvae.distributions.saddle_point import half_deviance, stirling_remainder

RATES = np.float32([1e-3, 0.1, 1.0, 9.5, 100.0, 1e4, 1e6, 1e7, 1e8])


def _counts_around(mean, deviation):
    """Counts at up to 8 standard deviations of the mean, at half and twice it, and small ones."""
    near = mean + deviation * np.array([-8, -3, -1, 0, 1, 3, 8])
    values = np.round([*near, 0, 1, 5, mean / 2, 2 * mean, 10 * mean])
    return np.unique(np.float32(np.maximum(values, 0)))


@pytest.mark.parametrize("mean", RATES)
def test_half_the_deviance_has_a_small_relative_error_and_the_exact_gradient(mean):
    x, m = _counts_around(np.float64(mean), np.sqrt(mean)), np.float64(mean)
    log_mean = tf.fill(x.shape, np.log(mean))
    with tf.GradientTape() as tape:
        tape.watch(log_mean)
        received = half_deviance(tf.constant(x), tf.constant(mean), log_mean)
    d = np.float64(x) - m
    # For d near 0 the series of the definition, x log(x / m) - d, which cancels in float64 as well.
    series = m * ((d / m) ** 2 / 2 - (d / m) ** 3 / 6 + (d / m) ** 4 / 12)
    expected = np.where(np.abs(d) < 1e-3 * m, series, special.xlogy(x, x / m) - d)
    np.testing.assert_allclose(received, expected, rtol=2e-6)
    np.testing.assert_allclose(tape.gradient(received, log_mean), m - x, rtol=1e-6, atol=1e-6)


def test_the_derivative_in_x_is_the_log_ratio():
    x, mean = tf.constant([1.0, 99.0, 100.5, 1e6]), tf.constant(100.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = half_deviance(x, mean, tf.math.log(mean))
    np.testing.assert_allclose(tape.gradient(value, x), np.log(np.float64(x) / 100), rtol=1e-6)


def test_gradients_have_the_shape_of_what_is_broadcast():
    x, log_mean = tf.ones((3, 1)), tf.zeros((4,))
    with tf.GradientTape() as tape:
        tape.watch([x, log_mean])
        value = half_deviance(x, tf.exp(log_mean), log_mean)
    assert [gradient.shape for gradient in tape.gradient(value, [x, log_mean])] == [(3, 1), (4,)]


def test_the_remainder_is_that_of_log_factorials():
    x = np.float32([0, 1e-4, 0.3, 1, 2, 9.99, 10, 10.01, 11, 1e3, 1e6])
    exact = np.float64(x)
    expected = special.gammaln(exact + 1) - (special.xlogy(exact, exact) - exact)
    np.testing.assert_allclose(stirling_remainder(tf.constant(x)), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_the_poisson_mass_is_exact_at_every_rate(rate):
    x = _counts_around(np.float64(rate), np.sqrt(rate))
    expected = stats.poisson.logpmf(np.float64(x), np.float64(rate))
    np.testing.assert_allclose(Poisson(rate=rate).log_prob(x), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("r", np.float32([4.5e-5, 0.01, 1.0, 7.0, 500.0, 22000.0]))
@pytest.mark.parametrize("rate", RATES)
def test_the_negative_binomial_mass_is_exact_at_every_rate(rate, r):
    """To the rounding of its arguments: half a unit in the last place of log_mean moves log p by as much."""
    log_mean = np.log(rate)
    mean, inverse = np.exp(np.float64(log_mean)), np.float64(r)
    x = _counts_around(mean, np.sqrt(mean + mean**2 / inverse))
    received = NegativeBinomial(log_mean, r).log_prob(x)
    x = np.float64(x)
    n = x + inverse
    expected = (
        special.gammaln(n) - special.gammaln(inverse) - special.gammaln(x + 1)
        - inverse * np.log1p(mean / inverse) - x * np.log1p(inverse / mean)
    )  # fmt: skip
    rounding = np.abs(x - mean) * inverse / (inverse + mean) * np.spacing(log_mean)
    float64 = 1e-15 * n * np.log(n + 2)
    error = np.abs(received - expected) - 2e-6 * (1 + np.abs(expected)) - rounding - float64
    assert error.max() <= 0


@pytest.mark.parametrize("n", [1e2, 1e5, 1e7, 1e8])
def test_the_multinomial_mass_is_exact_for_every_total(n):
    rng = np.random.default_rng(0)
    logits = np.float32(3 * rng.normal(size=20))
    x = np.float32(rng.multinomial(int(n), special.softmax(np.float64(logits))))
    log_p = special.log_softmax(np.float64(logits))
    total = np.sum(x, dtype="float64")
    expected = special.gammaln(total + 1) - special.gammaln(np.float64(x) + 1).sum() + np.float64(x) @ log_p
    rounding = np.abs(x - total * np.exp(log_p)) @ np.spacing(np.abs(logits).max() * np.ones(20, "float32"))
    assert float(Multinomial(logits).log_prob(x)) == pytest.approx(expected, rel=2e-6, abs=rounding)


def test_counts_of_any_size_have_a_number_for_a_density():
    x = tf.constant([0.0, 1e20, 3e38])
    for p in (Poisson(rate=1e8), Poisson(log_rate=-100.0), NegativeBinomial(3.0, 2.0)):
        assert not np.isnan(p.log_prob(x)).any()
        assert float(p.log_prob(3e38)) < -1e30
