"""The linear VAE against probabilistic PCA, whose likelihood and posterior are known exactly.

Lucas et al. 2019: with a linear decoder and a diagonal posterior the optimum of the ELBO is the maximum
of the likelihood of probabilistic PCA (Tipping and Bishop 1999), and the bound is tight there.
"""

import keras
import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA

import tfvae


@pytest.fixture(scope="module")
def data():
    """2,000 points in 8 dimensions around a plane of 3, with noise of scale 0.5."""
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(3, 8)) * np.array([[2.0], [1.5], [1.0]])
    x = rng.normal(size=(2000, 3)) @ plane + 0.5 * rng.normal(size=(2000, 8)) + rng.normal(size=8)
    return x.astype("float32")


@pytest.fixture(scope="module")
def linear_vae(data):
    keras.utils.set_random_seed(0)
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(3),
        tfvae.likelihoods.Normal((8,), tfvae.scales.Learned()),
        objective=tfvae.objectives.ELBO(num_samples=4),
    )
    steps = 200 * (len(data) // 100)
    vae.compile(
        tfvae.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, steps)), steps_per_execution=100
    )
    vae.fit(data, epochs=200, batch_size=100, verbose=0)
    return vae


def _exact(vae, x):
    """Log density of x ~ N(b, W'W + s^2 I) for the decoder's own W, b and s, in float64."""
    dense = vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64"), np.array(dense.bias, "float64")
    variance = float(vae.likelihood.scale.scale([])) ** 2
    covariance = weights.T @ weights + variance * np.eye(len(bias))
    return stats.multivariate_normal(bias, covariance).logpdf(x)


def test_its_likelihood_is_that_of_probabilistic_pca(linear_vae, data):
    best = PCA(3).fit(data).score(data)  # exact mean log-likelihood of the maximum
    assert _exact(linear_vae, data).mean() == pytest.approx(best, abs=0.1)
    assert _exact(linear_vae, data).mean() <= best + 1e-3  # nothing is above the maximum


def test_the_bound_is_tight_at_the_optimum(linear_vae, data):
    gap = _exact(linear_vae, data).mean() - linear_vae.elbo(data, num_samples=64).mean()
    assert -0.01 < gap < 0.1


def test_log_likelihood_agrees_with_the_closed_form_within_its_error(linear_vae, data):
    """The errors of 500 examples are independent: standardized, their spread is 1."""
    x = data[:500]
    estimate, error = linear_vae.log_likelihood_with_error(x, num_samples=1000, seed=3)
    z = (estimate - _exact(linear_vae, x)) / error
    assert abs(z.mean()) < 4 / np.sqrt(len(z))
    assert 0.8 < z.std() < 1.25
    assert 0.92 < np.mean(np.abs(z) < 1.96) < 0.98


def test_the_posterior_is_the_exact_one(linear_vae, data):
    """Exact posterior: N(M^-1 W (x - b), s^2 M^-1) with M = W W' + s^2 I."""
    dense = linear_vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64"), np.array(dense.bias, "float64")
    variance = float(linear_vae.likelihood.scale.scale([])) ** 2
    inner = np.linalg.inv(weights @ weights.T + variance * np.eye(3))
    q = linear_vae.encode(data[:200])
    mean = (data[:200] - bias) @ weights.T @ inner
    assert np.abs(q.mean() - mean).max() < 0.1
    np.testing.assert_allclose(q.stddev()[0], np.sqrt(variance * np.diag(inner)), rtol=0.1)
