"""Every network in a part runs in the mode of the pass: as in training in `fit`, otherwise not."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import likelihoods, networks, posteriors, priors
from tfvae.core.training_mode import TRAINING

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@contextlib.contextmanager
def _mode(training):
    token = TRAINING.set(training)
    try:
        yield
    finally:
        TRAINING.reset(token)


@keras.saving.register_keras_serializable("tests")
class Mode(keras.layers.Layer):
    """Notes the modes it is called in; in training by default, as Keras's random augmentation is."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.modes = []

    def call(self, inputs, training=True):
        """Return the inputs."""
        if not isinstance(inputs, keras.KerasTensor):
            self.modes.append(bool(training))
        return inputs


def _with_conditional_prior(probe):
    network = networks.chain(networks.mlp((8,)), probe)
    return tfvae.VAE(
        tfvae.layers.ConcatenateCondition(networks.mlp((8,))),
        tfvae.layers.ConcatenateCondition(networks.mlp((8,))),
        posteriors.Normal(2),
        likelihoods.Normal((4,)),
        prior=priors.Conditional(2, network, condition_dim=3),
        condition_dim=3,
    ), {"x": X, "condition": X[:, :3]}


def _with_vamp_prior(probe):
    encoder = networks.chain(networks.mlp((8,)), probe)
    prior = priors.VampPrior(2, num_components=3)
    return tfvae.VAE(
        encoder, networks.mlp((8,)), posteriors.Normal(2), likelihoods.Normal((4,)), prior=prior
    ), X


def _with_two_codebooks(probe):
    quantizers = [posteriors.VectorQuantizer(8, 2, positions) for positions in (4, 16)]
    between = networks.chain(keras.layers.Reshape((2, 2, 2)), keras.layers.UpSampling2D(), probe)
    encoder = tfvae.layers.FeaturePyramid(
        [keras.layers.Conv2D(3, 2, strides=2), keras.layers.Conv2D(3, 2, strides=2)]
    )
    return tfvae.VAE(
        encoder,
        networks.mlp((8,)),
        posteriors.HierarchicalVectorQuantizer(*quantizers, between),
        likelihoods.Normal((8, 8, 1)),
        prior=priors.UniformCodes(8, 2, 20),
        objective=tfvae.objectives.VectorQuantization(),
    ), np.zeros((6, 8, 8, 1), "float32")


MODELS = {
    "conditional prior": _with_conditional_prior,
    "VampPrior": _with_vamp_prior,
    "two codebooks": _with_two_codebooks,
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_parts_network_is_told_the_mode_of_the_pass(kind):
    probe = Mode()
    model, inputs = MODELS[kind](probe)
    for training in (True, False):
        probe.modes.clear()
        model(inputs, training=training)
        assert set(probe.modes) == {training}
    for call in (model.distortion, model.reconstruct):
        probe.modes.clear()
        call(inputs)
        assert set(probe.modes) <= {False}


@pytest.mark.parametrize("kind", MODELS)
def test_fit_trains_and_evaluate_does_not(kind):
    probe = Mode()
    model, inputs = MODELS[kind](probe)
    model.compile(optimizer="adam", run_eagerly=True)
    probe.modes.clear()
    model.fit(inputs, epochs=1, verbose=0)
    assert set(probe.modes) == {True}
    probe.modes.clear()
    model.evaluate(inputs, verbose=0)
    assert set(probe.modes) == {False}


def test_pseudo_inputs_are_normalized_as_in_training_only_in_training():
    """The density of VampPrior is that of the encoder in the same mode, with batch normalization."""
    normalization = keras.layers.BatchNormalization(momentum=0.5)
    model, _ = _with_vamp_prior(normalization)
    for _ in range(3):
        model(X + 5, training=True)
    z = tf.random.stateless_normal((7, 2), (1, 2))
    pseudo = tf.convert_to_tensor(model.prior.pseudo_inputs)
    densities = []
    for training in (True, False):
        with _mode(training):
            density = model.prior.distribution(model._encode).log_prob(z).numpy()
        q = model.posterior.distribution(model.posterior(model.encoder(pseudo, training=training)))
        expected = tf.reduce_logsumexp(q.log_prob(z[:, tf.newaxis]), axis=-1) - np.log(3)
        np.testing.assert_allclose(density, expected, rtol=1e-4, atol=1e-4)
        densities.append(density)
    assert np.abs(densities[0] - densities[1]).max() > 0.01


def test_dropout_in_a_conditional_priors_network_is_at_work_in_training():
    model, inputs = _with_conditional_prior(keras.layers.Dropout(0.5, seed=1))
    condition = tf.constant(inputs["condition"])

    def location(training):
        with _mode(training):
            return model.prior.distribution(condition=condition).mean().numpy()

    assert np.abs(location(True) - location(True)).max() > 1e-3
    np.testing.assert_array_equal(location(False), location(False))
