"""Zero inflation against its definition, and at the ends of the inflation."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.bernoulli import Bernoulli
from tfvae.likelihoods.counts import NegativeBinomial, Poisson
from tfvae.likelihoods.zero_inflated import ZeroInflated

INNER = {"poisson": Poisson, "negative binomial": NegativeBinomial}


def _counts(kind, log_mean):
    """The same distribution in scipy; r starts at 1."""
    mean = np.exp(np.float64(log_mean))
    return stats.poisson(mean) if kind == "poisson" else stats.nbinom(1, 1 / (1 + mean))


def _element(kind, inflation, log_mean):
    likelihood = ZeroInflated(INNER[kind]((1,)))
    params = {"inflation": inflation, "log_mean": log_mean}
    return likelihood, {name: tf.reshape(value, (-1, 1)) for name, value in params.items()}


@pytest.mark.parametrize("kind", INNER)
@pytest.mark.parametrize("log_mean", [-10.0, 0.0, 2.0, 7.0])
def test_mass_is_the_definitions(kind, log_mean):
    inflation = np.float32([[-90.0], [-20.0], [-1.0], [0.0], [3.0], [20.0], [90.0]])
    likelihood, params = _element(kind, inflation, np.full_like(inflation, log_mean))
    for x in (0.0, 1.0, 2.0, 40.0):
        log_pi, log_rest = special.log_expit(np.float64([inflation[:, 0], -inflation[:, 0]]))
        expected = log_rest + _counts(kind, log_mean).logpmf(x)
        if x == 0:
            expected = np.logaddexp(log_pi, expected)
        received = likelihood.distribution(params).log_prob([[x]])
        np.testing.assert_allclose(received, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kind", INNER)
def test_mass_sums_to_one(kind):
    likelihood, params = _element(kind, 0.7, 1.5)
    mass = np.exp(np.float64(likelihood.distribution(params).log_prob(np.float32(np.arange(500))[:, None])))
    assert mass.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", INNER)
@pytest.mark.parametrize("inflation", [-3.0, 0.5])
def test_moments_are_those_of_the_draws(kind, inflation):
    likelihood, params = _element(kind, inflation, 1.5)
    px = likelihood.distribution(params)
    draws = px.sample(40000, seed=(1, 2)).numpy().astype("float64").ravel()
    error = draws.std() / np.sqrt(len(draws))
    assert abs(draws.mean() - float(likelihood.mean(params)[0, 0])) < 4 * error
    assert float(px.mean()[0, 0]) == pytest.approx(float(likelihood.mean(params)[0, 0]), rel=1e-6)
    fourth = np.mean((draws - draws.mean()) ** 4)
    error = np.sqrt((fourth - draws.var() ** 2) / len(draws))
    assert abs(draws.var() - float(px.variance()[0, 0])) < 4 * error
    zero = np.exp(float(px.log_prob([[0.0]])[0]))
    assert abs((draws == 0).mean() - zero) < 4 * np.sqrt(zero * (1 - zero) / len(draws))


@pytest.mark.parametrize("kind", INNER)
@pytest.mark.parametrize("log_mean", [-15.9, 0.0, 15.9])
def test_gradients_are_finite_and_right_at_the_extremes(kind, log_mean):
    inflation = np.float32([[-90.0], [0.0], [90.0]])
    likelihood, params = _element(kind, inflation, np.full_like(inflation, log_mean))
    log_f, pi = _counts(kind, log_mean).logpmf(0), special.expit(np.float64(inflation))
    for x in (0.0, 1.0, 1e6):
        with tf.GradientTape() as tape:
            tape.watch(params)
            value = likelihood.distribution(params).log_prob([[x]])
        gradients = tape.gradient(value, params)
        assert all(np.isfinite(gradient).all() for gradient in gradients.values())
        # At 0: the probability that the zero is an inflated one, less the one before it was seen.
        expected = special.expit(inflation - log_f) - pi if x == 0 else -pi
        np.testing.assert_allclose(gradients["inflation"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("other", [Bernoulli((3,)), "poisson", None])
def test_other_likelihoods_are_refused(other):
    with pytest.raises(InvalidInput, match="^likelihood: expected a Poisson or NegativeBinomial, received"):
        ZeroInflated(other)
