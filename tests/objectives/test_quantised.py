"""The objective of a vector-quantised autoencoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.errors import InvalidInput
from tfvae.objectives.quantised import VectorQuantisation
from tfvae.posteriors import Normal
from tfvae.posteriors.quantised import Quantised, QuantisedEMA
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
    vae = _vae(Quantised(8, 2, 3), VectorQuantisation(0.5))
    trace = vae.trace(flat[:5])
    terms = vae.objective.loss(trace, vae)
    params = trace.record["posterior"]
    distance = tf.reduce_sum(tf.square(params["features"] - params["vectors"]), (1, 2))
    np.testing.assert_allclose(terms["codebook"], distance, rtol=1e-5)
    np.testing.assert_allclose(terms["commitment"], distance, rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], trace.distortion + 1.5 * distance, rtol=1e-5)
    np.testing.assert_allclose(terms["rate"], np.full(5, 3 * np.log(8)), rtol=1e-6)
    np.testing.assert_allclose(terms["elbo"], -trace.distortion - 3 * np.log(8), rtol=1e-5)
    assert set(terms) == {"loss", *VectorQuantisation.terms}


def test_running_averages_have_no_codebook_term(flat):
    vae = _vae(QuantisedEMA(8, 2, 3), VectorQuantisation())
    terms = vae.objective.loss(vae.trace(flat[:5]), vae)
    np.testing.assert_array_equal(terms["codebook"], np.zeros(5))


def test_a_commitment_draws_the_features_to_the_codebook(flat):
    distances = []
    for commitment in (0.0, 5.0):
        keras.utils.set_random_seed(5)
        vae = _vae(QuantisedEMA(8, 2, 3), VectorQuantisation(commitment))
        vae.compile(tfvae.optimizers.Adam(1e-2))
        distances.append(vae.fit(flat[:256], epochs=4, verbose=0).history["commitment"][-1])
    assert distances[1] < 0.5 * distances[0]


def test_its_configuration_makes_it_again():
    objective = VectorQuantisation(0.5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(objective))
    assert type(again) is VectorQuantisation
    assert again.get_config() == objective.get_config()


def test_bad_arguments_and_posteriors_are_refused_by_name():
    with pytest.raises(InvalidInput, match="^commitment: expected .*, received -1"):
        VectorQuantisation(-1)
    with pytest.raises(InvalidInput, match="objective: expected .*Normal, received VectorQuantisation"):
        _vae(Normal(6), VectorQuantisation(), tfvae.priors.StandardNormal(6))
