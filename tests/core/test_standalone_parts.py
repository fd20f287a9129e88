"""Parts in a subclassed Keras model of the user's own, without this library's models."""

import keras
import numpy as np
import tensorflow as tf

import tfvae


class Own(keras.Model):
    """A VAE written by hand around three parts."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(32, activation="tanh")
        self.posterior = tfvae.posteriors.Normal(3)
        self.prior = tfvae.priors.StandardNormal(3)
        self.likelihood = tfvae.likelihoods.Bernoulli((64,))

    def call(self, x):
        q = self.posterior.distribution(self.posterior(self.hidden(x)))
        z = q.sample()
        px = self.likelihood.distribution(self.likelihood(z))
        self.add_loss(tf.reduce_mean(q.kl_divergence(self.prior.distribution()) - px.log_prob(x)))
        return px.mean()


def test_they_train_save_and_load(flat, tmp_path):
    model = Own()
    model.compile(optimizer="adam")
    history = model.fit(flat, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert len(model.trainable_weights) == 6
    model.save_weights(tmp_path / "own.weights.h5")
    again = Own()
    again(flat[:1])
    again.load_weights(tmp_path / "own.weights.h5")
    for expected, received in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


def test_they_are_layers_of_a_functional_model(flat):
    inputs = keras.Input((64,))
    params = tfvae.posteriors.Normal(3)(keras.layers.Dense(8)(inputs))
    model = keras.Model(inputs, params)
    assert {name: value.shape for name, value in model.predict(flat[:5], verbose=0).items()} == {
        "loc": (5, 3),
        "scale": (5, 3),
    }
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(flat[:5])["loc"], model(flat[:5])["loc"])
