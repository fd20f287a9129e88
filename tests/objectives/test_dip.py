"""The covariance penalty against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.objectives.dip import DIPVAE1, DIPVAE2
from tfvae.posteriors import Normal


class OnePiece(Normal):
    """The diagonal Gaussian as a multivariate one."""

    def distribution(self, params):
        return tfd.MultivariateNormalDiag(params["loc"], params["scale"])


@pytest.mark.parametrize("posterior", [Normal, OnePiece])
@pytest.mark.parametrize("make", [DIPVAE1, DIPVAE2])
def test_penalty_is_that_of_the_covariance(small_vae, flat, make, posterior):
    vae = small_vae(posterior(4), make(diagonal=3.0, off_diagonal=2.0))
    trace = vae.trace(flat[:50])
    terms = vae.objective.loss(trace, vae)
    params = {name: value.numpy().astype("float64") for name, value in trace.record["posterior"].items()}
    covariance = np.cov(params["loc"].T, bias=True)
    if make is DIPVAE2:
        covariance += np.diag((params["scale"] ** 2).mean(axis=0))
    off = covariance - np.diag(np.diag(covariance))
    expected = 3 * ((np.diag(covariance) - 1) ** 2).sum() + 2 * (off**2).sum()
    np.testing.assert_allclose(terms["covariance_penalty"], np.full(50, expected), rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], expected - trace.elbo, rtol=1e-5)


def test_the_second_is_the_covariance_of_the_draws(small_vae, flat):
    """By the law of total covariance; the draws' own covariance has a standard error."""
    vae = small_vae(objective=DIPVAE2())
    trace = vae.trace(flat[:50], num_samples=400)
    covariance = vae.objective.covariance(trace, vae).numpy()
    z = trace.z.numpy().reshape(-1, 4).astype("float64")
    products = z[:, :, None] * z[:, None, :] - z.mean(0)[:, None] * z.mean(0)
    error = products.std(axis=0) / np.sqrt(len(z))
    assert np.all(np.abs(np.cov(z.T, bias=True) - covariance) < 4 * error)


def test_no_penalty_where_the_covariance_is_the_identity(small_vae):
    vae = small_vae(Normal(2), DIPVAE1())
    corners = tf.constant([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    trace = vae.trace(np.zeros((4, 64)))
    trace.record["posterior"]["loc"] = corners
    np.testing.assert_allclose(vae.objective.loss(trace, vae)["covariance_penalty"], 0.0, atol=1e-12)
