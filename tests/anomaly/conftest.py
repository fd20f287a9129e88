"""A linear VAE whose density and posterior are known exactly: probabilistic PCA with given weights."""

import keras
import numpy as np
import pytest
from scipy import stats

import tfvae

SIGMA = 0.5


class Exact:
    """x ~ N(b, W W' + s^2 I) with orthogonal columns of W, so that the exact posterior is diagonal.

    p(z|x) = N(M^-1 W' (x - b), s^2 M^-1),  M = W' W + s^2 I  (Tipping and Bishop 1999, equation 6)
    """

    def __init__(self):
        rng = np.random.default_rng(0)
        basis = np.linalg.qr(rng.normal(size=(6, 2)))[0]
        self.weights = basis * np.array([2.0, 1.0])
        self.bias = rng.normal(size=6)
        self.covariance = self.weights @ self.weights.T + SIGMA**2 * np.eye(6)
        self.inner = np.linalg.inv(self.weights.T @ self.weights + SIGMA**2 * np.eye(2))

    def log_prob(self, x):
        return stats.multivariate_normal(self.bias, self.covariance).logpdf(x)

    def posterior_mean(self, x):
        return (x - self.bias) @ self.weights @ self.inner

    @property
    def posterior_scale(self):
        return SIGMA * np.sqrt(np.diag(self.inner))

    def sample(self, count, seed):
        rng = np.random.default_rng(seed)
        return rng.multivariate_normal(self.bias, self.covariance, count).astype("float32")

    def vae(self, widened=1.0, likelihood=None):
        """Return the model with exact weights; its posterior's scale is `widened` times the exact one."""
        likelihood = likelihood or tfvae.likelihoods.Normal((6,), scale=SIGMA)
        vae = tfvae.VAE(
            keras.layers.Identity(),
            keras.layers.Identity(),
            tfvae.posteriors.Normal(2, floor=1e-6),
            likelihood,
        )
        kernel, bias = np.zeros((6, 2, 2)), np.zeros((2, 2))
        kernel[:, :, 0] = self.weights @ self.inner
        bias[:, 0] = -self.bias @ self.weights @ self.inner
        bias[:, 1] = np.log(np.expm1(widened * self.posterior_scale - 1e-6))
        vae.posterior.head.dense.set_weights([kernel.reshape(6, 4), bias.reshape(4)])
        inner = getattr(likelihood, "likelihood", likelihood)
        inner.head.dense.set_weights([self.weights.T, self.bias])
        return vae


@pytest.fixture(scope="session")
def exact():
    return Exact()


@pytest.fixture(scope="session")
def marginal(exact):
    """Return a function that gives the exact density of some of the columns."""

    def distribution(columns):
        return stats.multivariate_normal(exact.bias[columns], exact.covariance[np.ix_(columns, columns)])

    return distribution


@pytest.fixture(scope="session")
def rows(exact):
    """500 draws from the model."""
    return exact.sample(500, seed=1)


@pytest.fixture
def detector():
    """Return a function that fits a detector to a model without training it."""

    def make(model, x, score="log_likelihood", **arguments):
        return tfvae.anomaly.VAEDetector(model, score=score, epochs=0, **arguments).fit(x)

    return make
