"""Critics: gradients kept apart, the shares of the three adversarial objectives, and their losses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.networks import mlp
from tfvae.objectives.adversarial import AdversarialAutoencoder
from tfvae.objectives.adversarial_inference import AdversariallyLearnedInference
from tfvae.objectives.critic import apart
from tfvae.objectives.factor_vae import FactorVAE
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.objectives.vae_gan import VAEGAN
from tfvae.posteriors import Normal
from tfvae.posteriors.point import Point

MAKE = {
    "factor": lambda: FactorVAE(2.0, mlp((8,), "tanh")),
    "aae": lambda: AdversarialAutoencoder(2.0, mlp((8,), "tanh")),
    "ali": lambda: AdversariallyLearnedInference(mlp((8,), "tanh"), mlp((6,), "tanh")),
    "vae_gan": lambda: VAEGAN(0.5, mlp((8,), "tanh")),
}


def _same_noise(self, trace, model):
    return tf.sin(9.0 * trace.x[:, 20 : 20 + model.prior_noise_dim])


def _gradients(vae, x, of):
    """Gradients of a function of the trace's terms, by weight: a list for the model, one for the critic."""
    critic = {id(weight) for weight in vae.objective.trainable_variables}
    with tf.GradientTape() as tape:
        trace = vae.trace_with_noise({"x": x}, vae.noise(2, len(x), (1, 2)))
        value = tf.reduce_sum(of(vae.objective.loss(trace, vae)))
    weights = vae.trainable_variables
    gradients = tape.gradient(value, [weight.value for weight in weights], unconnected_gradients="zero")
    pairs = list(zip(weights, gradients, strict=True))
    return [g for w, g in pairs if id(w) not in critic], [g for w, g in pairs if id(w) in critic]


@pytest.mark.parametrize("name", MAKE)
def test_each_side_is_trained_by_its_own_loss_alone(name, small_vae, flat):
    """The critic's gradient is that of critic_loss with the model held, and the model's has none of it."""
    vae, x = small_vae(objective=MAKE[name]()), tf.constant(flat[:16])
    model, critic = _gradients(vae, x, lambda terms: terms["critic_loss"])
    assert all(not np.any(gradient) for gradient in model)
    assert all(np.any(gradient) for gradient in critic)
    whole_model, whole_critic = _gradients(vae, x, lambda terms: terms["loss"])
    for received, expected in zip(whole_critic, critic, strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-7)
    assert all(np.any(gradient) for gradient in whole_model)
    own, none = _gradients(vae, x, lambda terms: terms["loss"] - terms["critic_loss"])
    assert all(np.abs(gradient).max() < 1e-5 for gradient in none)
    for received, expected in zip(own, whole_model, strict=True):
        np.testing.assert_array_equal(received, expected)


def test_a_frozen_function_has_its_value_and_its_gradient():
    network = keras.Sequential([keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)])
    z = tf.Variable(np.random.default_rng(0).normal(size=(6, 3)).astype("float32"))
    network(z)

    def judge(rows):
        return network(rows)[:, 0]

    with tf.GradientTape(persistent=True) as tape:
        frozen, own = (tf.reduce_sum(tf.nn.softplus(-value)) for value in apart(judge, z))
        plain = tf.reduce_sum(tf.nn.softplus(-judge(z)))
    np.testing.assert_allclose(frozen, plain, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(frozen, z), tape.gradient(plain, z), rtol=1e-4, atol=1e-7)
    weights = network.trainable_variables
    assert tape.gradient(frozen, weights) == [None] * 4
    assert tape.gradient(own, z) is None
    for received, expected in zip(tape.gradient(own, weights), tape.gradient(plain, weights), strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("posterior", [Normal, Point])
def test_adversarial_autoencoder_by_hand(small_vae, flat, monkeypatch, posterior):
    monkeypatch.setattr(PriorDraws, "prior_noise", _same_noise)
    vae = small_vae(posterior(4), MAKE["aae"]())
    trace = vae.trace(flat[:10], num_samples=3)
    terms = vae.objective.loss(trace, vae)
    codes = np.stack([vae.objective.logits(z) for z in trace.z])
    drawn = vae.objective.logits(_same_noise(None, trace, vae)).numpy()
    generator = np.logaddexp(0, -codes).mean(axis=0)
    np.testing.assert_allclose(terms["adversarial"], generator, rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], trace.distortion + 2 * generator, rtol=1e-5)
    critic = np.logaddexp(0, -drawn) + np.logaddexp(0, codes).mean(axis=0)
    np.testing.assert_allclose(terms["critic_loss"], critic, rtol=1e-5)


def test_adversarially_learned_inference_by_hand(small_vae, flat, monkeypatch):
    monkeypatch.setattr(PriorDraws, "prior_noise", _same_noise)
    vae = small_vae(objective=MAKE["ali"]())
    objective = vae.objective
    trace = vae.trace(flat[:10], num_samples=2)
    terms = objective.loss(trace, vae)

    def judge(x, z):
        return objective.logits(tf.concat([objective.features(x), z], axis=1)).numpy()

    encoded = np.stack([judge(trace.x, z) for z in trace.z])
    drawn = _same_noise(None, trace, vae)
    decoded = judge(vae.decoded_mean(drawn), drawn)
    expected = np.logaddexp(0, encoded).mean(axis=0) + np.logaddexp(0, -decoded)
    np.testing.assert_allclose(terms["loss"], expected, rtol=1e-5)
    critic = np.logaddexp(0, -encoded).mean(axis=0) + np.logaddexp(0, decoded)
    np.testing.assert_allclose(terms["critic_loss"], critic, rtol=1e-5)


def test_inference_sees_images_through_a_network_of_their_shape(digits):
    features = keras.Sequential([keras.layers.Conv2D(2, 3, strides=2, activation="relu")])
    vae = tfvae.VAE(
        encoder=tfvae.networks.mlp((8,)),
        decoder=tfvae.networks.mlp((8,)),
        posterior=Normal(2),
        likelihood=tfvae.likelihoods.Bernoulli((8, 8, 1)),
        objective=AdversariallyLearnedInference(mlp((8,)), features),
    )
    _, critic = _gradients(vae, tf.constant(digits[:16]), lambda terms: terms["loss"])
    assert len(critic) == 6
    assert all(np.any(gradient) for gradient in critic)


def test_vae_gan_by_hand(small_vae, flat, monkeypatch):
    monkeypatch.setattr(PriorDraws, "prior_noise", _same_noise)
    vae = small_vae(objective=VAEGAN(0.5, mlp((8,), "tanh"), feature_weight=3.0, distortion_weight=0.1))
    objective = vae.objective
    trace = vae.trace(flat[:10], num_samples=2)
    terms = objective.loss(trace, vae)
    rebuilt = [vae.decoded_mean(z) for z in trace.z]
    sampled = objective.logits(vae.decoded_mean(_same_noise(None, trace, vae))).numpy()
    target = objective.critic(trace.x)
    error = np.mean([0.5 * np.sum((target - objective.critic(x)) ** 2, axis=1) for x in rebuilt], axis=0)
    logits = np.stack([objective.logits(x) for x in rebuilt])
    game = np.logaddexp(0, -logits).mean(axis=0) + np.logaddexp(0, -sampled)
    np.testing.assert_allclose(terms["feature_error"], error, rtol=1e-4)
    np.testing.assert_allclose(terms["adversarial"], game, rtol=1e-5)
    expected = trace.rate + 0.5 * game + 3 * error + 0.1 * trace.distortion
    np.testing.assert_allclose(terms["loss"], expected, rtol=1e-4)
    critic = np.logaddexp(0, -objective.logits(trace.x).numpy()) + np.logaddexp(0, logits).mean(axis=0)
    np.testing.assert_allclose(terms["critic_loss"], critic + np.logaddexp(0, sampled), rtol=1e-5)


def test_the_game_of_vae_gan_does_not_reach_the_encoder(small_vae, flat):
    vae = small_vae(objective=MAKE["vae_gan"]())
    with tf.GradientTape(persistent=True) as tape:
        terms = vae.objective.loss(vae.trace(flat[:8]), vae)
        game, error = tf.reduce_sum(terms["adversarial"]), tf.reduce_sum(terms["feature_error"])
    assert tape.gradient(game, vae.encoder.trainable_variables) == [None, None]
    for value in (game, error):
        assert all(np.any(g) for g in tape.gradient(value, vae.decoder.trainable_variables))
    assert all(np.any(g) for g in tape.gradient(error, vae.encoder.trainable_variables))


def test_an_adversarial_code_takes_the_moments_of_the_prior(small_vae, flat):
    """From a start where its mean and scale are far from 0 and 1, with a critic trained beside it."""
    vae = small_vae(Point(2), AdversarialAutoencoder(5.0, mlp((32, 32), "leaky_relu")))

    def distance():
        code = vae.predict(flat, verbose=0)["latent"]
        return np.abs([code.mean(axis=0), np.log(code.std(axis=0))]).max()

    assert distance() > 0.7
    vae.compile(keras.optimizers.Adam(3e-3))
    vae.fit(flat, epochs=28, batch_size=128, verbose=0)
    assert distance() < 0.3
