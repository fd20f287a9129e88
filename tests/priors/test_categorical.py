"""Uniform priors over one-hot codes and relaxed ones."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.posteriors import Normal
from tfvae.posteriors.relaxed import RelaxedOneHot
from tfvae.priors import Categorical, RelaxedCategorical


def test_codes_are_equally_probable():
    prior = Categorical(2, 3)
    noise = tf.random.stateless_normal((9000, prior.noise_dim(Normal(6))), (1, 2))
    z = prior.transform(noise)
    assert z.shape == (9000, 6)
    rows = z.numpy().reshape(-1, 2, 3)
    number = 3 * rows[:, 0].argmax(-1) + rows[:, 1].argmax(-1)
    assert stats.chisquare(np.bincount(number, minlength=9)).pvalue > 1e-3
    np.testing.assert_allclose(prior.distribution().log_prob(z), np.full(9000, -2 * math.log(3)), rtol=1e-6)


def test_relaxed_codes_are_those_of_a_posterior_without_logits():
    prior, posterior = RelaxedCategorical(2, 3, 0.7), RelaxedOneHot(2, 3, 0.7)
    noise = tf.random.stateless_normal((500, 6), (1, 2))
    params = {"logits": tf.zeros((500, 2, 3))}
    z, log_q = posterior.transform(params, noise[tf.newaxis])
    np.testing.assert_array_equal(prior.transform(noise), z[0])
    p = prior.distribution()
    np.testing.assert_allclose(p.log_prob(z), log_q, rtol=1e-4, atol=1e-4)
    trace = Trace(None, None, posterior.distribution(params), p, None, z, log_q)
    np.testing.assert_allclose(trace.rate, np.zeros(500), atol=1e-4)


@pytest.mark.parametrize("prior", [Categorical(2, 3), RelaxedCategorical(2, 3, 0.7)])
def test_their_configuration_makes_them_again(prior):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is type(prior)
    assert again.get_config() == prior.get_config()
    z = prior.transform(tf.random.stateless_normal((3, prior.noise_dim(Normal(6))), (1, 2)))
    np.testing.assert_array_equal(again.distribution().log_prob(z), prior.distribution().log_prob(z))


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: Categorical(0, 3), "num_variables"),
        (lambda: Categorical(3, 1), "num_categories"),
        (lambda: RelaxedCategorical(0, 3), "num_variables"),
        (lambda: RelaxedCategorical(3, 1), "num_categories"),
        (lambda: RelaxedCategorical(3, 3, 0.0), "temperature"),
    ],
)
def test_bad_arguments_are_rejected_by_name(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected .*, received "):
        make()
