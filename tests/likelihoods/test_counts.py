"""What the likelihoods of counts share: moments, bounds, and what the encoder sees."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.likelihoods import NegativeBinomial, Poisson


def _distribution(likelihood, log_mean):
    return likelihood.distribution({"log_mean": tf.reshape(log_mean, (-1, 1))})


@pytest.mark.parametrize("log_mean", [-3.0, 1.0, 9.0])
def test_mean_and_variance_are_those_of_the_draws(log_mean):
    count, mean = 20000, np.exp(log_mean)
    likelihood = NegativeBinomial((1,))
    for px, own, variance in (
        (_distribution(Poisson((1,)), log_mean), Poisson((1,)), mean),
        (_distribution(likelihood, log_mean), likelihood, mean + mean**2),
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
def test_rates_are_bounded_for_any_features(kind, size):
    likelihood = kind((3,))
    with tf.GradientTape() as tape:
        params = likelihood(tf.fill((1, 5), size))
        value = likelihood.distribution(params).log_prob([[0.0, 7.0, 1e6]])
    assert np.abs(params["log_mean"]).max() <= 16
    gradients = tape.gradient(value, likelihood.trainable_variables)
    assert all(np.isfinite(array).all() for array in (value, *gradients))


def test_the_encoder_sees_logarithms():
    x = np.float32([[0, 1, 999]])
    np.testing.assert_allclose(Poisson((3,)).encoder_input(x), np.log1p(x), rtol=1e-6)


@pytest.mark.parametrize(("x", "contained"), [([0.0, 3.0], True), ([0.5, 1.0], False), ([-1.0, 1.0], False)])
def test_values_are_integers_from_zero(x, contained):
    assert bool(NegativeBinomial((2,)).support.contains(np.float32([x]))) is contained
