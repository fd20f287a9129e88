"""The Gaussian posterior with full covariance against its own density, SciPy and Monte Carlo."""

import numpy as np
import tensorflow as tf
from scipy import stats
from tensorflow_probability import distributions as tfd

from tfvae.core.trace import Trace
from tfvae.posteriors.full import FullNormal
from tfvae.priors import StandardNormal


def _params(latent_dim=3, batch=5, size=3.0):
    posterior = FullNormal(latent_dim)
    return posterior, posterior(size * tf.random.stateless_normal((batch, 6), (1, 2)))


def _trace(posterior, params, p, count):
    z, log_q = posterior.transform(params, posterior.noise((count, len(params["loc"])), (7, 8)))
    return Trace(None, None, posterior.distribution(params), p, None, z, log_q)


def test_log_density_of_a_draw_is_scipys():
    posterior, params = _params()
    z, log_q = posterior.transform(params, posterior.noise((4, 5), (3, 4)))
    for row in range(5):
        factor = params["scale_tril"][row].numpy().astype("float64")
        reference = stats.multivariate_normal(params["loc"][row], factor @ factor.T)
        np.testing.assert_allclose(log_q[:, row], reference.logpdf(z[:, row]), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(log_q, posterior.distribution(params).log_prob(z), rtol=1e-4, atol=1e-4)


def test_draws_have_the_stated_moments():
    posterior, params = _params()
    count = 20000
    z = posterior.transform(params, posterior.noise((count, 5), (5, 6)))[0].numpy().astype("float64")
    centered = z - params["loc"].numpy()
    factor = params["scale_tril"].numpy().astype("float64")
    covariance = factor @ factor.transpose(0, 2, 1)
    products = np.einsum("sbi,sbj->sbij", centered, centered)
    assert np.abs(centered.mean(0) / (centered.std(0) / np.sqrt(count))).max() < 4
    assert np.abs((products.mean(0) - covariance) / (products.std(0) / np.sqrt(count))).max() < 4
    scale = posterior.summary(params)["scale"]
    np.testing.assert_allclose(np.diagonal(covariance, axis1=1, axis2=2), scale**2, rtol=1e-5)


def test_rows_are_correlations_within_the_bound():
    posterior, params = _params(size=1e3)
    factor = params["scale_tril"] / posterior.summary(params)["scale"][..., tf.newaxis]
    assert (np.triu(factor, 1) == 0).all()
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    smallest = 1 / np.sqrt(1 + np.arange(3) * posterior.bound**2)
    assert (diagonal >= smallest * 0.999).all()
    correlations = factor @ tf.transpose(factor, (0, 2, 1))
    assert np.linalg.eigvalsh(correlations).min() > 0


def test_rate_is_exact_and_agrees_with_monte_carlo():
    posterior, params = _params()
    trace = _trace(posterior, params, StandardNormal(3).distribution(), 20000)
    general = tfd.kl_divergence(
        tfd.MultivariateNormalTriL(params["loc"], params["scale_tril"]),
        tfd.MultivariateNormalDiag(tf.zeros(3)),
    )
    assert trace.rates.shape == (5, 1)
    np.testing.assert_allclose(trace.rate, general, rtol=1e-5)
    draws = trace.log_q - trace.log_p
    error = tf.math.reduce_std(draws, 0) / np.sqrt(20000)
    assert np.abs((tf.reduce_mean(draws, 0) - trace.rate) / error).max() < 4


def test_rate_to_any_independent_normals_is_exact():
    posterior, params = _params()
    loc, scale = tf.constant([0.3, -1.0, 0.5]), tf.constant([0.5, 2.0, 1.3])
    trace = _trace(posterior, params, tfd.Independent(tfd.Normal(loc, scale), 1), 1)
    general = tfd.kl_divergence(
        tfd.MultivariateNormalTriL(params["loc"], params["scale_tril"]),
        tfd.MultivariateNormalDiag(loc, scale),
    )
    np.testing.assert_allclose(trace.rate, general, rtol=1e-5)


def test_rate_to_another_independent_prior_is_estimated():
    posterior, params = _params()
    p = tfd.Independent(tfd.Laplace(tf.zeros(3), tf.ones(3)), 1)
    trace = _trace(posterior, params, p, 9)
    np.testing.assert_allclose(trace.rate, tf.reduce_mean(trace.log_q - trace.log_p, 0), rtol=1e-5)


def test_one_dimension_is_the_diagonal_case():
    posterior, params = _params(latent_dim=1)
    assert params["scale_tril"].shape == (5, 1, 1)
    trace = _trace(posterior, params, StandardNormal(1).distribution(), 1)
    scale = params["scale_tril"][:, :, 0]
    diagonal = tfd.kl_divergence(tfd.Normal(params["loc"], scale), tfd.Normal(0.0, 1.0))
    np.testing.assert_allclose(trace.rates, diagonal, rtol=1e-5)
