"""The three terms of the rate against exact values."""

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import rate_decomposition


class Given(tfvae.posteriors.Normal):
    """q(z|x) = N(x, scale^2): the data are the means."""

    def __init__(self, latent_dim, scale=0.5, *, name=None, dtype=None):
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.scale = scale

    def call(self, inputs):
        return {"loc": inputs, "scale": tf.fill(tf.shape(inputs), self.scale)}


def _model(scale):
    networks = tfvae.networks
    return tfvae.VAE(networks.linear(), networks.linear(), Given(2, scale), tfvae.likelihoods.Normal((2,)))


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_the_terms_of_a_gaussian_are_exact(correlation):
    """Means x ~ N(0, C) and noise s^2 give q(z) = N(0, C + s^2 I), for which all three terms are known."""
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    x = np.random.default_rng(0).multivariate_normal([0, 0], covariance, size=4000).astype("float32")
    scale = 0.5
    whole = covariance + scale**2 * np.eye(2)
    determinant, variance = np.linalg.det(whole), 1 + scale**2
    expected = (
        0.5 * np.log(determinant / scale**4),
        0.5 * np.log(variance**2 / determinant),
        variance - 1 - np.log(variance),
    )
    terms = rate_decomposition(_model(scale), x)
    np.testing.assert_allclose(terms, expected, atol=0.04)  # three standard errors of 4,000 draws


def test_the_terms_add_up_to_the_rate():
    x = np.random.default_rng(0).normal(size=(3000, 2)).astype("float32")
    model = _model(0.7)
    exact = float(tf.reduce_mean(model.trace(x).rate))
    assert sum(rate_decomposition(model, x)) == pytest.approx(exact, abs=0.05)


def test_other_posteriors_are_rejected(small_vae, flat):
    class Correlated(tfvae.posteriors.Normal):
        def distribution(self, params):
            import tensorflow_probability as tfp

            return tfp.distributions.MultivariateNormalDiag(params["loc"], params["scale"])

    with pytest.raises(InvalidInput, match="posterior: expected independent normal"):
        rate_decomposition(small_vae(Correlated(4)), flat[:5])
