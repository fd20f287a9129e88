"""The objective of a vector-quantized autoencoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.vector_quantization import VectorQuantization
from tfvae.posteriors import Normal
from tfvae.posteriors.vector_quantizer import VectorQuantizer, VectorQuantizerEMA
from tfvae.priors.codes import UniformCodes


def _vae(posterior, objective, prior=None):
    return tfvae.VAE(
        tfvae.networks.mlp((8,), "tanh"),
        tfvae.networks.mlp((8,), "tanh"),
        posterior,
        tfvae.likelihoods.Bernoulli((64,)),
        prior or UniformCodes(8, 2, 3),
        objective,
    )


def test_the_loss_is_the_sum_of_its_terms(flat):
    vae = _vae(VectorQuantizer(8, 2, 3), VectorQuantization(0.5))
    trace = vae.trace(flat[:5])
    terms = vae.objective.loss(trace, vae)
    params = trace.record["posterior"]
    distance = tf.reduce_sum(tf.square(params["features"] - params["vectors"]), (1, 2))
    np.testing.assert_allclose(terms["codebook"], distance, rtol=1e-5)
    np.testing.assert_allclose(terms["commitment"], distance, rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], trace.distortion + 1.5 * distance, rtol=1e-5)
    np.testing.assert_allclose(terms["rate"], np.full(5, 3 * np.log(8)), rtol=1e-6)
    np.testing.assert_allclose(terms["elbo"], -trace.distortion - 3 * np.log(8), rtol=1e-5)
    assert set(terms) == {"loss", *VectorQuantization.terms}


def test_running_averages_have_no_codebook_term(flat):
    vae = _vae(VectorQuantizerEMA(8, 2, 3), VectorQuantization())
    terms = vae.objective.loss(vae.trace(flat[:5]), vae)
    np.testing.assert_array_equal(terms["codebook"], np.zeros(5))


def test_a_commitment_draws_the_features_to_the_codebook(flat):
    distances = []
    for commitment in (0.0, 5.0):
        keras.utils.set_random_seed(5)
        vae = _vae(VectorQuantizerEMA(8, 2, 3), VectorQuantization(commitment))
        vae.compile(tfvae.optimizers.Adam(1e-2))
        distances.append(vae.fit(flat[:256], epochs=4, verbose=0).history["commitment"][-1])
    assert distances[1] < 0.5 * distances[0]


def test_its_configuration_makes_it_again():
    objective = VectorQuantization(0.5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(objective))
    assert type(again) is VectorQuantization
    assert again.get_config() == objective.get_config()


def test_bad_arguments_and_posteriors_are_refused_by_name():
    with pytest.raises(InvalidInput, match="^commitment: expected .*, received -1"):
        VectorQuantization(-1)
    with pytest.raises(InvalidInput, match="objective: expected .*Normal, received VectorQuantization"):
        _vae(Normal(6), VectorQuantization(), tfvae.priors.StandardNormal(6))


@pytest.mark.parametrize("objective", [None, tfvae.objectives.ELBO(), tfvae.objectives.ImportanceWeighted(3)])
def test_an_objective_that_would_not_train_a_codebook_is_refused(objective):
    expected = "the posterior VectorQuantizer, with the terms codebook, commitment, received"
    with pytest.raises(InvalidInput, match=expected):
        _vae(VectorQuantizer(8, 2, 3), objective)


def test_more_draws_of_codes_tighten_no_bound_and_that_is_said(flat):
    vae = _vae(VectorQuantizer(8, 2, 3), VectorQuantization())
    with pytest.raises(InvalidInput, match=r"log_likelihood: expected .*elbo"):
        vae.log_likelihood(flat[:5])
    np.testing.assert_allclose(vae.elbo(flat[:5]), -vae.distortion(flat[:5]) - 3 * np.log(8), rtol=1e-5)
