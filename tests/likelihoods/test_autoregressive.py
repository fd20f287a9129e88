"""The autoregressive likelihood: nothing looks ahead, masses sum to one, draws follow them."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.autoregressive import Autoregressive


def _small(event_shape, seed=0, **options):
    """A likelihood with weights far from 0 and parameters for two latent points."""
    keras.utils.set_random_seed(seed)
    likelihood = Autoregressive(event_shape, **{"num_layers": 3, "filters": 4, "kernel_size": 3} | options)
    params = likelihood(tf.random.stateless_normal((2, 5), (1, 2)))
    for weight in likelihood.trainable_variables:
        weight.assign(1.5 * weight + 0.1)
    return likelihood, params


@pytest.mark.parametrize("shape", [(3, 4, 1), (4, 3, 2)])
@pytest.mark.parametrize("kernel_size", [3, 5])
def test_logits_depend_on_the_pixels_before_alone(shape, kernel_size):
    likelihood, params = _small(shape, kernel_size=kernel_size)
    x = tf.constant(np.random.default_rng(0).random((2, *shape)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = likelihood.logits(x, params["features"])
    places, channels = shape[0] * shape[1], shape[2]
    jacobian = tape.batch_jacobian(logits, x).numpy().reshape(2, places, channels, places, channels)
    by_pixel = np.abs(jacobian).max(axis=(0, 2, 4))
    assert (by_pixel[np.triu_indices(places)] == 0).all()
    assert (np.diag(by_pixel, -1).reshape(-1) > 0).sum() >= places - shape[0]  # the pixel on the left
    assert (by_pixel[1:].max(axis=1) > 0).all()


@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 3, 1), (2, 2, 2)])
def test_masses_of_all_images_sum_to_one(shape):
    likelihood, params = _small(shape)
    images = np.array(list(itertools.product([0.0, 1.0], repeat=int(np.prod(shape)))), "float32")
    px = likelihood.distribution(params)
    log_prob = px.log_prob(images.reshape(-1, 1, *shape)).numpy()
    assert log_prob.shape == (len(images), 2)
    np.testing.assert_allclose(np.exp(log_prob).sum(axis=0), 1.0, rtol=1e-5)
    assert np.abs(log_prob[:, 0] - log_prob[:, 1]).max() > 0.01  # z matters


def test_draws_have_the_masses_frequencies():
    likelihood, params = _small((2, 2, 1), seed=3)
    images = np.array(list(itertools.product([0.0, 1.0], repeat=4)), "float32")
    px = likelihood.distribution(params)
    mass = np.exp(px.log_prob(images.reshape(-1, 1, 2, 2, 1)).numpy().astype("float64"))
    draws = px.sample(4000, seed=(1, 2)).numpy().reshape(4000, 2, 4)
    assert set(np.unique(draws)) == {0.0, 1.0}
    for number in range(2):
        counts = np.bincount((draws[:, number] @ [8, 4, 2, 1]).astype(int), minlength=16)
        assert stats.chisquare(counts, 4000 * mass[:, number] / mass[:, number].sum()).pvalue > 1e-3


def test_pixels_depend_on_each_other_given_z():
    likelihood, params = _small((2, 2, 1), seed=3)
    draws = likelihood.distribution(params).sample(4000, seed=(1, 2)).numpy()[:, 0].reshape(4000, 4)
    correlation = np.corrcoef(draws.T)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() > 5 / np.sqrt(4000)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("shape", [(5, 4, 1), (3, 6, 2)])
def test_the_mean_is_the_networks_own_fixed_point(shape, policy):
    """One pixel at a time from its neighbors gives what the convolutions give of the whole image."""
    keras.config.set_dtype_policy(policy)
    likelihood, params = _small(shape, kernel_size=5)
    mean = likelihood.mean(params)
    assert mean.shape == (2, *shape)
    assert mean.dtype == tf.float32
    again = tf.sigmoid(likelihood.logits(mean, params["features"]))
    np.testing.assert_allclose(mean, again, atol=1e-6 if policy == "float32" else 0.03)


def test_independent_pixels_have_their_mean():
    likelihood, params = _small((3, 3, 1))
    likelihood.kernels[0].assign(0 * likelihood.kernels[0])
    for kernel in likelihood.kernels[1:]:
        kernel.assign(0 * kernel)
    expected = tf.sigmoid(likelihood.logits(tf.zeros((2, 3, 3, 1)), params["features"]))
    np.testing.assert_allclose(likelihood.mean(params), expected, atol=1e-6)


def test_samples_of_z_lead():
    likelihood, params = _small((3, 4, 1))
    features = tf.stack([params["features"], -params["features"], 2 * params["features"]])
    x = tf.constant(np.random.default_rng(0).integers(0, 2, (2, 3, 4, 1)), tf.float32)
    log_prob = likelihood.distribution({"features": features}).log_prob(x)
    assert log_prob.shape == (3, 2)
    for number in range(3):
        alone = likelihood.distribution({"features": features[number]}).log_prob(x)
        np.testing.assert_allclose(log_prob[number], alone, rtol=1e-5)
    assert likelihood.mean({"features": features}).shape == (3, 2, 3, 4, 1)
    draws = likelihood.distribution({"features": features}).sample(5, seed=(1, 2))
    assert draws.shape == (5, 3, 2, 3, 4, 1)


def test_features_can_have_the_images_grid():
    likelihood = Autoregressive((3, 4, 1), num_layers=2, filters=5, kernel_size=3)
    assert likelihood(tf.zeros((2, 3, 4, 6)))["features"].shape == (2, 3, 4, 10)


def test_the_distribution_follows_the_weights():
    likelihood, params = _small((2, 2, 1))
    before = likelihood.distribution(params).log_prob(tf.ones((2, 2, 2, 1)))
    likelihood.out_bias.assign([5.0])
    assert (likelihood.distribution(params).log_prob(tf.ones((2, 2, 2, 1))) > before).numpy().all()


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"event_shape": (64,)}, "event_shape"),
        ({"num_layers": 0}, "num_layers"),
        ({"filters": 0}, "filters"),
        ({"kernel_size": 4}, "kernel_size"),
        ({"kernel_size": 1}, "kernel_size"),
    ],
)
def test_bad_arguments_are_rejected(options, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        Autoregressive(**{"event_shape": (4, 4, 1)} | options)


def test_it_trains_saves_and_is_loaded(digits, tmp_path):
    x = (digits[:256] > 0.5).astype("float32")
    vae = tfvae.VAE(
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.posteriors.Normal(3),
        Autoregressive((8, 8, 1), num_layers=2, filters=6, kernel_size=3),
    )
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:64], y_pred=vae(x[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(x, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x), vae.elbo(x))
    assert again.likelihood.num_layers == 2
    reconstruction = vae.reconstruct(x[:5])
    assert reconstruction.shape == (5, 8, 8, 1)
    assert ((reconstruction > 0) & (reconstruction < 1)).all()
