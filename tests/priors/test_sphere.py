"""The uniform prior on the sphere."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.posteriors import Normal
from tfvae.priors.sphere import SphereUniform


@pytest.mark.parametrize(("dimension", "area"), [(2, 2 * math.pi), (3, 4 * math.pi), (4, 2 * math.pi**2)])
def test_density_is_the_inverse_area(dimension, area):
    prior = SphereUniform(dimension)
    z = prior.transform(tf.random.stateless_normal((2000, dimension), (1, 2)))
    np.testing.assert_allclose(tf.norm(z, axis=-1), np.ones(2000), rtol=1e-6)
    np.testing.assert_allclose(prior.distribution().log_prob(z), np.full(2000, -math.log(area)), rtol=1e-6)
    # Each squared coordinate of a uniform direction has a beta distribution.
    for axis in range(dimension):
        beta = stats.beta(0.5, (dimension - 1) / 2)
        assert stats.kstest(z[:, axis].numpy() ** 2, beta.cdf).pvalue > 1e-3


def test_noise_of_zero_is_a_direction_too():
    np.testing.assert_array_equal(SphereUniform(3).transform(tf.zeros((1, 3))), [[1.0, 0.0, 0.0]])


def test_its_configuration_makes_it_again():
    prior = SphereUniform(3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is SphereUniform
    assert again.get_config() == prior.get_config()


def test_bad_arguments_are_rejected_by_name():
    with pytest.raises(InvalidInput, match="^latent_dim: expected .*, received 1"):
        SphereUniform(1)


def test_a_posterior_of_another_space_is_rejected():
    with pytest.raises(
        InvalidInput, match=r"prior: expected .*Normal \(real\), received SphereUniform \(sphere\)"
    ):
        tfvae.VAE(
            tfvae.networks.mlp((4,)),
            tfvae.networks.mlp((4,)),
            Normal(3),
            tfvae.likelihoods.Bernoulli((4,)),
            SphereUniform(3),
        )
