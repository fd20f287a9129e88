"""The uniform prior over codes."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.objectives import VectorQuantization
from tfvae.posteriors import Normal
from tfvae.posteriors.vector_quantizer import VectorQuantizer
from tfvae.priors.codes import UniformCodes


def _attached():
    prior, posterior = UniformCodes(4, 2, 3), VectorQuantizer(4, 2, 3)
    prior.attach(posterior)
    return prior, posterior


def test_draws_are_vectors_of_the_codebook_with_equal_probability():
    prior, posterior = _attached()
    z = prior.transform(tf.random.stateless_normal((6000, prior.noise_dim(posterior)), (1, 2)))
    rows = z.numpy().reshape(6000, 3, 1, 2)
    distances = np.abs(rows - np.array(posterior.codebook)).max(-1)
    assert distances.min(-1).max() == 0
    for position in range(3):
        counts = np.bincount(distances[:, position].argmin(-1), minlength=4)
        assert stats.chisquare(counts).pvalue > 1e-3
    far = prior.transform(tf.constant([[-30.0, 0.0, 30.0]]))
    np.testing.assert_array_equal(far[0, 4:], posterior.codebook[3])


def test_the_rate_is_the_logarithm_of_the_number_of_codes():
    prior, posterior = _attached()
    params = posterior(tf.random.stateless_normal((5, 7), (1, 2)))
    z, log_q = posterior.transform(params, posterior.noise((2, 5), (3, 4)))
    trace = Trace(None, None, posterior.distribution(params), prior.distribution(), None, z, log_q)
    np.testing.assert_allclose(trace.rate, np.full(5, 3 * math.log(4)), rtol=1e-6)
    np.testing.assert_allclose(trace.p.entropy(), 3 * math.log(4), rtol=1e-6)


def test_the_codebook_is_no_weight_of_the_prior():
    prior, posterior = _attached()
    assert prior.weights == []
    posterior.codebook.assign(tf.ones((4, 2)))
    np.testing.assert_array_equal(prior.transform(tf.zeros((1, 3))), np.ones((1, 6)))


def test_its_configuration_makes_it_again():
    prior, _ = _attached()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is UniformCodes
    assert again.get_config() == prior.get_config()


def test_without_a_codebook_it_cannot_draw():
    with pytest.raises(InvalidInput, match=r"prior: expected attach\(posterior\) first"):
        UniformCodes(4, 2, 3).transform(tf.zeros((1, 3)))


def test_another_posterior_is_rejected():
    with pytest.raises(
        InvalidInput, match=r"prior: expected .* = \(4, 3, 2\) of VectorQuantizer, received \(4, 2, 3\)"
    ):
        UniformCodes(4, 2, 3).attach(VectorQuantizer(4, 3, 2))
    with pytest.raises(InvalidInput, match="prior: expected .*Normal, received UniformCodes"):
        UniformCodes(4, 2, 3).attach(Normal(6))


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [((1, 2, 3), "num_codes"), ((4, 0, 3), "code_dim"), ((4, 2, 0), "num_positions")],
)
def test_bad_arguments_are_rejected_by_name(arguments, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected .*, received 0|1"):
        UniformCodes(*arguments)


def test_a_model_samples_from_it(flat):
    vae = tfvae.VAE(
        tfvae.networks.mlp((4,)),
        tfvae.networks.mlp((4,)),
        VectorQuantizer(4, 2, 3),
        tfvae.likelihoods.Bernoulli((64,)),
        UniformCodes(4, 2, 3),
        VectorQuantization(),
    )
    assert vae.prior_noise_dim == 3
    assert vae.sample(5).shape == (5, 64)
