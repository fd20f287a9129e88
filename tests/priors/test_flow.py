"""The prior made by a flow: its density against integration, automatic differentiation and its draws."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.flows import MAF, RealNVP
from tfvae.posteriors import Normal
from tfvae.priors.flow import Flow

FLOWS = pytest.mark.parametrize("kind", [RealNVP, MAF])


def _example(kind, latent_dim=2):
    """A prior whose flow is far from the identity."""
    prior = Flow(latent_dim, kind(latent_dim, hidden=(8,)))
    for number, weight in enumerate(prior.trainable_weights):
        weight.assign(weight + 0.25 * tf.random.stateless_normal(weight.shape, (number, 1)))
    return prior


@FLOWS
def test_the_density_integrates_to_one(kind):
    axis = np.linspace(-25, 25, 801, dtype="float32")
    grid = np.stack(np.meshgrid(axis, axis), -1)
    density = np.exp(_example(kind).distribution().log_prob(grid)).astype("float64")
    np.testing.assert_allclose(density.sum() * (axis[1] - axis[0]) ** 2, 1.0, atol=1e-3)


@FLOWS
def test_the_density_of_a_draw_is_that_of_its_noise_by_the_jacobian(kind):
    prior = _example(kind, 3)
    assert prior.noise_dim(Normal(3)) == 3
    noise = tf.random.stateless_normal((10, 3), (1, 2))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = prior.transform(noise)
    jacobian = tape.batch_jacobian(z, noise).numpy()
    expected = scipy.stats.norm.logpdf(noise).sum(-1) - np.linalg.slogdet(jacobian)[1]
    received = prior.distribution().log_prob(z)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4)


@FLOWS
def test_draws_have_the_moments_of_the_density(kind):
    """The same expectation, by the draws and by a sum over a grid."""
    prior, count = _example(kind), 20000
    axis = np.linspace(-25, 25, 801, dtype="float32")
    grid = np.stack(np.meshgrid(axis, axis), -1)
    density = np.exp(prior.distribution().log_prob(grid)).astype("float64")
    expected = np.tanh(grid.astype("float64")) * (density / density.sum())[..., np.newaxis]
    z = np.tanh(prior.transform(tf.random.stateless_normal((count, 2), (3, 4))).numpy().astype("float64"))
    error = z.std(0) / np.sqrt(count)
    assert np.abs((z.mean(0) - expected.sum((0, 1))) / error).max() < 4


def test_bad_arguments_are_rejected():
    with pytest.raises(InvalidInput, match="latent_dim: expected an integer of at least 1, received 0"):
        Flow(0, RealNVP(2))
    with pytest.raises(InvalidInput, match=r"flow: expected one of tfvae.flows, received 'realnvp'"):
        Flow(2, "realnvp")
    with pytest.raises(InvalidInput, match="flow: expected one of dimension 2, received 3"):
        Flow(2, RealNVP(3))


@FLOWS
def test_the_configuration_makes_it_again(kind):
    prior = _example(kind)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert (type(again), type(again.flow), again.flow.hidden) == (Flow, kind, (8,))
    again.set_weights(prior.get_weights())
    z = tf.random.stateless_normal((5, 2), (1, 2))
    np.testing.assert_array_equal(again.distribution().log_prob(z), prior.distribution().log_prob(z))


def _vae(flow):
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=Normal(3),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=Flow(3, flow),
    )


@FLOWS
def test_it_trains_and_saves(flat, tmp_path, kind):
    vae, x = _vae(kind(3, 2, hidden=(8,))), flat[:256]
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x[:5], num_samples=3), vae.elbo(x[:5], num_samples=3))


def test_it_exports(tmp_path):
    export = tfvae.export.saved_model(_vae(RealNVP(3, 2, hidden=(8,))), tmp_path / "servable")
    assert export.largest_difference["score"] < 1e-3


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_thousand_large_steps_stay_finite(flat, policy):
    keras.config.set_dtype_policy(policy)
    vae = _vae(RealNVP(3, 2, hidden=(8,)))
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    vae.fit(tf.data.Dataset.from_tensors(flat[:64]).repeat(1000), verbose=0)
    assert np.isfinite(vae.elbo(flat[:64])).all()
