"""Penalties against analytic Jacobians, sums by hand and limits; what they are added to is unchanged."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.networks import mlp
from tfvae.objectives import ELBO
from tfvae.objectives.penalties import ContractiveAutoencoder, SparseAutoencoder
from tfvae.objectives.perceptual import Perceptual
from tfvae.objectives.reconstruction import Reconstruction
from tfvae.objectives.slow_features import SlowFeatures
from tfvae.posteriors import Normal
from tfvae.posteriors.point import Point


def test_reconstruction_is_the_distortion(small_vae, flat):
    vae = small_vae(Point(4), Reconstruction())
    trace = vae.trace(flat[:6])
    terms = vae.objective.loss(trace, vae)
    p = vae.reconstruct(flat[:6]).astype("float64")
    cross_entropy = -(flat[:6] * np.log(p) + (1 - flat[:6]) * np.log1p(-p)).sum(axis=1)
    np.testing.assert_allclose(terms["loss"], cross_entropy, rtol=1e-4)
    np.testing.assert_array_equal(terms["loss"], terms["distortion"])


@pytest.mark.parametrize("activation", [None, "tanh"])
def test_contractive_penalty_is_the_analytic_jacobians(flat, activation):
    hidden = keras.layers.Dense(5, activation)
    vae = tfvae.VAE(
        encoder=keras.Sequential([keras.layers.Flatten(), hidden]),
        decoder=mlp((4,)),
        posterior=Point(3),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        objective=ContractiveAutoencoder(weight=0.25),
    )
    x = flat[:7]
    terms = vae.objective.loss(vae.trace(x), vae)
    first, last = hidden.kernel.numpy(), vae.posterior.head.dense.kernel.numpy()
    slope = 1 - np.tanh(x @ first) ** 2 if activation else np.ones((7, 5))
    jacobian = np.einsum("xh,bh,hz->bxz", first, slope, last)
    np.testing.assert_allclose(terms["penalty"], (jacobian**2).sum(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(terms["loss"], terms["distortion"] + 0.25 * terms["penalty"], rtol=1e-6)


def test_sparse_penalty_is_the_divergence_of_the_mean_activation(small_vae, flat):
    vae = small_vae(Point(4), SparseAutoencoder(2.0, rate=0.1))
    trace = vae.trace(flat[:30])
    terms = vae.objective.loss(trace, vae)
    active = (1 / (1 + np.exp(-trace.z[0].numpy().astype("float64")))).mean(axis=0)
    divergence = 0.1 * np.log(0.1 / active) + 0.9 * np.log(0.9 / (1 - active))
    np.testing.assert_allclose(terms["penalty"], np.full(30, divergence.sum()), rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], terms["distortion"] + 2 * divergence.sum(), rtol=1e-5)


@pytest.mark.parametrize(
    ("code", "expected"), [(np.log(0.1 / 0.9), 0.0), (1e4, 0.9 * 1e4), (-1e4, 0.1 * 1e4)]
)
def test_sparse_penalty_at_its_limits(small_vae, code, expected):
    """At the target it is 0; where every unit is saturated it grows as the code does, and stays finite."""
    vae = small_vae(Point(1), SparseAutoencoder(rate=0.1))
    trace = vae.trace(np.zeros((5, 64)))
    with tf.GradientTape() as tape:
        trace.record["posterior"]["loc"] = loc = tf.fill((5, 1), tf.constant(code, tf.float32))
        tape.watch(loc)
        penalty = vae.objective.penalty(trace, vae)
    entropy = 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
    np.testing.assert_allclose(penalty, expected + (entropy if expected else 0.0), rtol=1e-5, atol=1e-6)
    assert np.isfinite(tape.gradient(penalty, loc)).all()


def test_slow_penalty_is_the_mean_squared_change(small_vae, flat):
    vae = small_vae(Normal(6), SlowFeatures(3, 0.5))
    trace = vae.trace(flat[:5], num_samples=4)
    terms = vae.objective.loss(trace, vae)
    steps = trace.z.numpy().reshape(4, 5, 3, 2)
    expected = (np.diff(steps, axis=2) ** 2).sum(axis=3).mean(axis=(0, 2))
    np.testing.assert_allclose(terms["penalty"], expected, rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], 0.5 * expected - trace.elbo, rtol=1e-5)


def test_slowness_trains_slow_codes_of_sequences():
    """Noisy sines: with the penalty the code of a held-out sequence changes less from step to step."""
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 6, (256, 1, 1)) + 0.4 * np.arange(6)[:, None]
    x = (np.sin(phase + np.arange(3)) + 0.3 * rng.normal(size=(256, 6, 3))).astype("float32")
    changes = {}
    for weight in (0.0, 10.0):
        keras.utils.set_random_seed(1)
        vae = tfvae.VAE(
            encoder=mlp((16,), "tanh"),
            decoder=mlp((16,), "tanh"),
            posterior=Point(6),
            likelihood=tfvae.likelihoods.Normal((6, 3), scale=0.3),
            objective=SlowFeatures(6, weight, Reconstruction()),
        )
        vae.compile(keras.optimizers.Adam(1e-2))
        vae.fit(x[:192], epochs=5, verbose=0)
        changes[weight] = np.mean(np.diff(vae.predict(x[192:], verbose=0)["latent"], axis=1) ** 2)
    assert changes[10.0] < changes[0.0] / 2


def test_perceptual_penalty_is_the_error_in_the_features(small_vae, flat):
    features = mlp((6, 3), "tanh")
    vae = small_vae(objective=Perceptual(features, 2.0, ELBO(beta=3.0)))
    trace = vae.trace(flat[:5], num_samples=3)
    terms = vae.objective.loss(trace, vae)
    errors = [np.sum((features(trace.x) - features(vae.decoded_mean(z))) ** 2, axis=1) for z in trace.z]
    np.testing.assert_allclose(terms["penalty"], np.mean(errors, axis=0), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(
        terms["loss"], trace.distortion + 3 * trace.rate + 2 * terms["penalty"], rtol=1e-5
    )


def test_perceptual_features_stay_as_they_are(small_vae, flat, tmp_path):
    features = mlp((6,), "tanh")
    vae = small_vae(objective=Perceptual(features))
    before = [np.array(weight) for weight in features.get_weights()]
    vae.compile(run_eagerly=True)
    vae.fit(flat[:64], verbose=0)
    assert not any(weight is own for own in features.weights for weight in vae.trainable_variables)
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    for network in (features, again.objective.features):
        assert not network.trainable_variables
        for expected, received in zip(before, network.get_weights(), strict=True):
            np.testing.assert_array_equal(received, expected)


def test_a_penalty_keeps_what_it_is_added_to(small_vae, flat):
    base = ELBO(beta=2.0, num_samples=3)
    vae = small_vae(objective=ContractiveAutoencoder(0.1, base))
    assert vae.objective.num_samples == 3
    assert vae.objective.terms == ("distortion", "rate", "elbo", "penalty")
    with pytest.raises(InvalidInput, match="objective: expected one that has no penalty yet"):
        SlowFeatures(2, 0.2, vae.objective)
    with pytest.raises(InvalidInput, match="posterior Point, received ELBO"):
        small_vae(Point(4), SlowFeatures(2))
    with pytest.raises(InvalidInput, match="steps: expected a divisor of latent_dim 4, received 3"):
        small_vae(objective=SlowFeatures(3))
