"""The diagonal Gaussian posterior against its own density, its moments and Monte Carlo."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.trace import Trace
from tfvae.posteriors import Normal
from tfvae.priors import StandardNormal


def _params(batch=6, latent_dim=3):
    posterior = Normal(latent_dim)
    return posterior, posterior(tf.random.stateless_normal((batch, 5), (1, 2)))


def test_log_density_of_a_draw_is_the_distributions(digits):
    posterior, params = _params()
    z, log_q = posterior.transform(params, posterior.noise((7, 6), (3, 4)))
    assert z.shape == (7, 6, 3)
    np.testing.assert_allclose(log_q, posterior.distribution(params).log_prob(z), rtol=1e-4, atol=1e-4)


def test_draws_have_the_stated_moments():
    posterior, params = _params()
    count = 20000
    z = posterior.transform(params, posterior.noise((count, 6), (5, 6)))[0].numpy().astype("float64")
    error = params["scale"] / np.sqrt(count)
    assert np.abs((z.mean(0) - params["loc"]) / error).max() < 4.5
    variance_error = np.sqrt(2 / count) * params["scale"] ** 2
    assert np.abs((z.var(0) - params["scale"] ** 2) / variance_error).max() < 4.5


def test_closed_form_rate_agrees_with_monte_carlo():
    posterior, params = _params()
    count = 50000
    z, log_q = posterior.transform(params, posterior.noise((count, 6), (7, 8)))
    p = StandardNormal(3).distribution()
    trace = Trace(None, None, posterior.distribution(params), p, None, z, log_q)
    draws = log_q - trace.log_p
    error = tf.math.reduce_std(draws, 0) / np.sqrt(count)
    assert np.abs((tf.reduce_mean(draws, 0) - trace.rate) / error).max() < 4.5


def test_rate_is_that_of_the_textbook():
    posterior, params = _params()
    loc, scale = params["loc"].numpy(), params["scale"].numpy()
    expected = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    p = StandardNormal(3).distribution()
    trace = Trace(None, None, posterior.distribution(params), p, None, tf.zeros((1, 6, 3)), tf.zeros((1, 6)))
    np.testing.assert_allclose(trace.rate, expected, rtol=1e-5)
    assert trace.rates.shape == (6, 3)


def test_a_pair_without_closed_form_is_estimated():
    posterior, params = _params()
    z, log_q = posterior.transform(params, posterior.noise((9, 6), (7, 8)))
    p = tfd.MultivariateNormalTriL(tf.zeros(3), tf.eye(3))
    trace = Trace(None, None, posterior.distribution(params), p, None, z, log_q)
    np.testing.assert_allclose(trace.rate, tf.reduce_mean(log_q - p.log_prob(z), 0), rtol=1e-5)


def test_extreme_features_keep_density_and_gradient_finite():
    posterior = Normal(2)
    for size in (0.0, 1e3, -1e3, 1e6):
        with tf.GradientTape() as tape:
            params = posterior(tf.fill((1, 5), size))
            z, log_q = posterior.transform(params, posterior.noise((1, 1), (1, 1)))
            value = tf.reduce_sum(log_q) + tf.reduce_sum(z)
        gradients = tape.gradient(value, posterior.trainable_variables)
        assert all(np.isfinite(array).all() for array in (value, *gradients))
