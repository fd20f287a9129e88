"""Poisson and negative binomial against scipy, at counts from 0 to a million."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.likelihoods.counts import NegativeBinomial, Poisson

LOG_MEANS = np.float32([-15.9, -5.0, 0.0, 1.0, 4.0, 8.0, 11.0, 13.8, 15.9])
COUNTS = np.float32([0, 1, 2, 9, 10, 11, 12, 100, 2999, 60000, 10**6])


def _poisson(log_mean):
    return Poisson((1,)).distribution({"log_mean": tf.reshape(log_mean, (-1, 1))})


def _negative_binomial(log_mean, raw_log_r):
    likelihood = NegativeBinomial((1,))
    likelihood.raw_log_r.assign([raw_log_r])
    return likelihood, likelihood.distribution({"log_mean": tf.reshape(log_mean, (-1, 1))})


def _r(raw_log_r):
    return np.exp(raw_log_r / np.sqrt(1 + (raw_log_r / 10) ** 2))


@pytest.mark.parametrize("log_mean", LOG_MEANS)
def test_poisson_is_scipys(log_mean):
    """Also for counts around a large mean, where x log m - m - log x! is out by a nat in float32."""
    mean = np.exp(np.float64(log_mean))
    x = np.concatenate([COUNTS, np.float32(np.round(mean + np.sqrt(mean) * np.arange(-3, 4)))])
    x = x[x >= 0]
    received = _poisson(log_mean).log_prob(x[:, np.newaxis])
    expected = stats.poisson.logpmf(x, mean)
    # x - mean is what the mean's own rounding, relative to it, is multiplied by.
    error = np.abs(received - expected) / (1 + np.abs(expected) + np.abs(x - mean))
    assert error.max() < 1e-6


@pytest.mark.parametrize("log_mean", LOG_MEANS)
def test_poisson_gradient_is_x_minus_the_mean(log_mean):
    value = tf.fill((len(COUNTS), 1), log_mean)
    with tf.GradientTape() as tape:
        tape.watch(value)
        log_prob = Poisson((1,)).distribution({"log_mean": value}).log_prob(COUNTS[:, np.newaxis])
    mean = np.exp(np.float64(log_mean))
    error = np.abs(tape.gradient(log_prob, value)[:, 0] - (COUNTS - mean)) / (1 + COUNTS + mean)
    assert error.max() < 1e-6


@pytest.mark.parametrize("raw_log_r", [-50.0, -3.0, 0.0, 2.0, 5.0, 50.0])
def test_negative_binomial_is_scipys(raw_log_r):
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
def test_negative_binomial_gradients_are_the_formulas(raw_log_r):
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


@pytest.mark.parametrize("log_mean", [-15.9, -2.0, 1.0, 4.0])
def test_mass_sums_to_one(log_mean):
    grid = np.arange(4000, dtype="float32")[:, np.newaxis]
    for px in (_poisson(log_mean), _negative_binomial(log_mean, 0.5)[1]):
        assert np.exp(np.float64(px.log_prob(grid))).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_large_r_is_a_poisson():
    x = np.arange(20, dtype="float32")[:, np.newaxis]
    _, px = _negative_binomial(1.0, 1e4)
    np.testing.assert_allclose(px.log_prob(x), _poisson(1.0).log_prob(x), atol=0.02)  # x^2 / (2 r)


@pytest.mark.parametrize("log_mean", [-3.0, 1.0, 9.0])
def test_mean_and_variance_are_those_of_the_draws(log_mean):
    count, mean = 20000, np.exp(log_mean)
    likelihood, overdispersed = _negative_binomial(log_mean, 1.0)
    for px, own, variance in (
        (_poisson(log_mean), Poisson((1,)), mean),
        (overdispersed, likelihood, mean + mean**2 / _r(1.0)),
    ):
        assert float(own.mean({"log_mean": tf.constant(log_mean)})) == pytest.approx(mean, rel=1e-5)
        assert float(px.variance()[0, 0]) == pytest.approx(variance, rel=1e-5)
        draws = px.sample(count, seed=(1, 2)).numpy().astype("float64").ravel()
        assert (draws == np.floor(draws)).all()
        assert abs(draws.mean() - mean) / np.sqrt(variance / count) < 4
        fourth = np.mean((draws - draws.mean()) ** 4)
        assert abs(draws.var() - variance) / np.sqrt((fourth - variance**2) / count) < 4


@pytest.mark.parametrize("kind", [Poisson, NegativeBinomial])
@pytest.mark.parametrize("size", [0.0, 1e3, -1e3, 1e6])
def test_rates_are_bounded_whatever_the_features(kind, size):
    likelihood = kind((3,))
    with tf.GradientTape() as tape:
        params = likelihood(tf.fill((1, 5), size))
        value = likelihood.distribution(params).log_prob([[0.0, 7.0, 1e6]])
    assert np.abs(params["log_mean"]).max() <= 16
    gradients = tape.gradient(value, likelihood.trainable_variables)
    assert all(np.isfinite(array).all() for array in (value, *gradients))


def test_each_element_has_a_dispersion_of_its_own():
    likelihood = NegativeBinomial((2, 3))
    likelihood.raw_log_r.assign([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    variance = likelihood.distribution({"log_mean": tf.zeros((1, 2, 3))}).variance()[0]
    np.testing.assert_allclose(variance, 1 + 1 / _r(np.arange(6.0).reshape(2, 3)), rtol=1e-5)


def test_the_encoder_sees_logarithms():
    x = np.float32([[0, 1, 999]])
    np.testing.assert_allclose(Poisson((3,)).encoder_input(x), np.log1p(x), rtol=1e-6)


@pytest.mark.parametrize(("x", "covered"), [([0.0, 3.0], True), ([0.5, 1.0], False), ([-1.0, 1.0], False)])
def test_values_are_whole_numbers_from_zero(x, covered):
    assert bool(NegativeBinomial((2,)).support.contains(np.float32([x]))) is covered
