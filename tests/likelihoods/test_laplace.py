"""The Laplace likelihood against scipy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.laplace import Laplace


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_density_is_scipys(scale):
    loc, x = np.float32([0.3, -1.0]), np.float32([-6.0, -1.0, 0.3, 0.31, 5.0])
    px = Laplace((2, 1), scale).distribution({"loc": loc.reshape(1, 2, 1)})
    expected = stats.laplace.logpdf(np.float64(x)[:, np.newaxis], np.float64(loc), scale).sum(1)
    received = px.log_prob(np.broadcast_to(x.reshape(5, 1, 1), (5, 2, 1)))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


def test_density_far_away_is_the_formulas():
    """Where scipy's is the logarithm of 0."""
    px = Laplace((1,), 0.01).distribution({"loc": tf.zeros((1, 1))})
    expected = -1e6 - np.log(0.02)
    np.testing.assert_allclose(px.log_prob([[1e4], [-1e4]]), expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [0.7, scales.Learned(1.3), scales.PerElement()])
def test_density_integrates_to_one(scale):
    likelihood = Laplace((1,), scale)
    params = likelihood(tf.constant([[0.4, -0.2, 1.0]]))
    grid = np.linspace(-40, 40, 40001, dtype="float32")[:, np.newaxis]
    density = tf.exp(likelihood.distribution(params).log_prob(grid))
    assert float(np.trapezoid(density, grid[:, 0])) == pytest.approx(1.0, abs=1e-4)


def test_mean_and_scale_are_those_of_the_draws():
    likelihood = Laplace((2,), 0.5)
    params = {"loc": tf.constant([[3.0, -1.0]])}
    draws = likelihood.distribution(params).sample(40000, seed=(1, 2)).numpy().astype("float64")
    error = 0.5 * np.sqrt(2 / 40000)
    assert np.abs((draws.mean(0) - likelihood.mean(params)) / error).max() < 4
    distance = np.abs(draws - params["loc"]).mean(0)  # exponential with mean 0.5
    assert np.abs((distance - 0.5) / (0.5 / np.sqrt(40000))).max() < 4


def test_gradient_is_finite_on_the_location_and_far_from_it():
    likelihood = Laplace((3,), scales.Learned())
    loc = tf.constant([[1.0, 1e8, -1e8]])
    with tf.GradientTape() as tape:
        tape.watch(loc)
        value = likelihood.distribution({"loc": loc}).log_prob(tf.constant([[1.0, 1.0, 1.0]]))
    gradients = tape.gradient(value, [loc, *likelihood.trainable_variables])
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_learned_scale_ends_at_the_mean_absolute_value():
    """The maximum likelihood scale around 0."""
    x = np.random.default_rng(0).standard_t(5, (4000, 1)).astype("float32")
    likelihood = Laplace((1,))
    optimum = np.log(np.abs(x).mean() - likelihood.scale.floor)
    likelihood.scale.log_scale.assign(optimum)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(likelihood.distribution({"loc": tf.zeros((1, 1))}).log_prob(x))
    assert abs(float(tape.gradient(loss, likelihood.scale.log_scale))) < 1e-5


@pytest.mark.parametrize("scale", [0.0, -1.0, "wide"])
def test_impossible_scales_are_rejected(scale):
    with pytest.raises(InvalidInput, match="^scale: expected"):
        Laplace((3,), scale)
