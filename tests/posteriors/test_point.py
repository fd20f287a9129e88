"""The deterministic posterior."""

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO
from tfvae.posteriors.point import Point


def test_draws_are_the_point_for_any_noise():
    posterior = Point(3)
    params = posterior(tf.random.stateless_normal((4, 5), (1, 2)))
    for shape in ((6, 4), (6, 1)):
        z, log_q = posterior.transform(params, posterior.noise(shape, (3, 4)))
        np.testing.assert_array_equal(z, tf.repeat(params["loc"][tf.newaxis], 6, axis=0))
        np.testing.assert_array_equal(log_q, np.zeros((6, 4)))
    np.testing.assert_array_equal(posterior.distribution(params).sample(), posterior.location(params))


def test_a_bound_is_rejected():
    with pytest.raises(InvalidInput, match="objective: expected .*Point, received ELBO"):
        tfvae.VAE(
            tfvae.networks.mlp((4,)),
            tfvae.networks.mlp((4,)),
            Point(2),
            tfvae.likelihoods.Bernoulli((4,)),
            objective=ELBO(),
        )
