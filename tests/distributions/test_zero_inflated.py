"""Zero inflation against its definition, and at the ends of the inflation."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from tensorflow_probability import distributions as tfd

from tfvae.distributions import Poisson, ZeroInflated

KINDS = ["poisson", "negative binomial"]


def _reference(kind, log_mean):
    """The counts in SciPy; r is 1."""
    mean = np.exp(np.float64(log_mean))
    return stats.poisson(mean) if kind == "poisson" else stats.nbinom(1, 1 / (1 + mean))


def _distribution(kind, inflation, log_mean):
    counts = Poisson(log_rate=log_mean) if kind == "poisson" else tfd.NegativeBinomial(1.0, logits=log_mean)
    return ZeroInflated(inflation, counts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log_mean", [-10.0, 0.0, 2.0, 7.0])
def test_the_mass_is_the_definitions(kind, log_mean):
    inflation = np.float32([-90.0, -20.0, -1.0, 0.0, 3.0, 20.0, 90.0])
    p = _distribution(kind, inflation, np.full_like(inflation, log_mean))
    for x in (0.0, 1.0, 2.0, 40.0):
        log_pi, log_rest = special.log_expit(np.float64([inflation, -inflation]))
        expected = log_rest + _reference(kind, log_mean).logpmf(x)
        if x == 0:
            expected = np.logaddexp(log_pi, expected)
        np.testing.assert_allclose(p.log_prob(x), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mass_sums_to_one(kind):
    log_mass = _distribution(kind, tf.constant(0.7), tf.constant(1.5)).log_prob(np.float32(np.arange(500)))
    assert np.exp(np.float64(log_mass)).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inflation", [-3.0, 0.5])
def test_moments_are_those_of_the_draws(kind, inflation):
    p = _distribution(kind, tf.constant(inflation), tf.constant(1.5))
    draws = p.sample(40000, seed=(1, 2)).numpy().astype("float64")
    assert abs(draws.mean() - float(p.mean())) < 4 * draws.std() / np.sqrt(len(draws))
    fourth = np.mean((draws - draws.mean()) ** 4)
    error = np.sqrt((fourth - draws.var() ** 2) / len(draws))
    assert abs(draws.var() - float(p.variance())) < 4 * error
    zero = float(p.prob(0.0))
    assert abs((draws == 0).mean() - zero) < 4 * np.sqrt(zero * (1 - zero) / len(draws))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log_mean", [-15.9, 0.0, 15.9])
def test_gradients_are_finite_and_exact_at_the_extremes(kind, log_mean):
    inflation, log_means = tf.constant([-90.0, 0.0, 90.0]), tf.fill((3,), log_mean)
    log_f, pi = _reference(kind, log_mean).logpmf(0), special.expit(np.float64(inflation))
    for x in (0.0, 1.0, 1e6):
        with tf.GradientTape() as tape:
            tape.watch([inflation, log_means])
            value = _distribution(kind, inflation, log_means).log_prob(x)
        gradients = tape.gradient(value, [inflation, log_means])
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        # At 0: the probability that the zero is an inflated one, less the one before it was seen.
        expected = special.expit(np.float64(inflation) - log_f) - pi if x == 0 else -pi
        np.testing.assert_allclose(gradients[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("logit", [-100.0, -3.0, 0.0, 3.0, 100.0])
@pytest.mark.parametrize("log_mean", [-15.0, 0.0, 5.0, 14.0])
def test_the_mass_of_zero_has_a_small_relative_error(logit, log_mean):
    """Log p(0) = log(pi + (1 - pi) exp(-m)), where a large logit or a large mean made differences."""
    mean = np.exp(np.float64(np.float32(log_mean)))
    expected = np.logaddexp(logit, -mean) - np.logaddexp(logit, 0.0)
    if logit > 0:  # log(1 - (1 - pi) (1 - exp(-m))), which float64 rounds away above
        expected = np.log1p(special.expit(-logit) * np.expm1(-mean))
    received = float(ZeroInflated(tf.constant(logit), Poisson(log_rate=log_mean)).log_prob(0.0))
    assert received == pytest.approx(expected, rel=1e-6, abs=1e-7)
