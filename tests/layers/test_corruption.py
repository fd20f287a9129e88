"""Corruption: its distribution, when it acts, and its random state."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.layers.corruption import GaussianNoise, MaskingNoise
from tfvae.networks import chain, mlp
from tfvae.objectives.reconstruction import Reconstruction
from tfvae.posteriors.point import Point


def _denoising(corruption):
    return tfvae.VAE(
        encoder=chain(corruption, mlp((16,), "tanh")),
        decoder=mlp((16,), "tanh"),
        posterior=Point(4),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        objective=Reconstruction(),
    )


def test_gaussian_noise_has_its_moments():
    x = tf.fill((200, 100), 2.0)
    noise = (GaussianNoise(0.3, seed=1)(x, training=True) - x).numpy().astype("float64") / 0.3
    count = noise.size
    assert abs(noise.mean()) < 4 / np.sqrt(count)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / count)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 4 / np.sqrt(200)


def test_masking_zeroes_its_share_and_keeps_the_rest():
    x = tf.random.stateless_normal((200, 100), (1, 2)) + 10.0
    masked = MaskingNoise(0.3, seed=1)(x, training=True).numpy()
    zero = masked == 0
    assert abs(zero.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / zero.size)
    np.testing.assert_array_equal(masked[~zero], x.numpy()[~zero])
    np.testing.assert_array_equal(MaskingNoise(0.0)(x, training=True), x)


@pytest.mark.parametrize("make", [lambda: GaussianNoise(0.5, seed=1), lambda: MaskingNoise(0.5, seed=1)])
def test_it_acts_in_a_models_training_pass_alone(make, flat):
    vae, x = _denoising(make()), flat[:8]
    clean = vae.predict(x, verbose=0)["latent"]
    first, second = (vae(x, training=True)["record"]["z"][0].numpy() for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    assert np.abs(first - clean).max() > 1e-3
    np.testing.assert_allclose(vae(x)["record"]["z"][0], clean, rtol=1e-5)
    np.testing.assert_allclose(vae.trace(x).z[0], clean, rtol=1e-5, atol=1e-6)


def test_keras_fit_corrupts_and_evaluate_does_not(flat):
    """All of x masked: in training the code has nothing to go by, in evaluation it has."""
    vae = _denoising(MaskingNoise(1.0))
    vae.compile(steps_per_execution=1)
    assert int(vae.encoder.layers[0].stream.state[1]) == 0
    vae.fit(flat[:64], batch_size=32, epochs=1, verbose=0)
    assert int(vae.encoder.layers[0].stream.state[1]) == 2
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=flat[:8], y_pred=vae(flat[:8], training=True))
    kernel = vae.encoder.layers[1].layers[1].kernel
    assert not np.any(tape.gradient(loss, kernel.value))
    vae.evaluate(flat[:64], verbose=0)
    assert int(vae.encoder.layers[0].stream.state[1]) == 3


def test_a_denoising_autoencoder_trains_and_its_noise_goes_on_from_a_file(flat, tmp_path):
    vae = _denoising(GaussianNoise(0.3))
    vae.compile(steps_per_execution=1)
    history = vae.fit(flat[:256], epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.reconstruct(flat[:5]), vae.reconstruct(flat[:5]))
    for _ in range(2):
        ours, theirs = (model(flat[:5], training=True)["record"]["z"] for model in (vae, again))
        np.testing.assert_array_equal(ours, theirs)


def test_replicas_draw_different_noise(two_replicas):
    with two_replicas.scope():
        layer = GaussianNoise(1.0)
    run = two_replicas.run(lambda: layer(tf.zeros((3, 4)), training=True))
    first, second = two_replicas.experimental_local_results(run)
    assert np.abs(first - second).min() > 0


@pytest.mark.parametrize("layer", [GaussianNoise(0.3, seed=4), MaskingNoise(0.2)])
def test_configuration_makes_the_same_layer_again(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: GaussianNoise(-1.0), "stddev"),
        (lambda: MaskingNoise(1.1), "rate"),
        (lambda: MaskingNoise(-0.1), "rate"),
    ],
)
def test_impossible_amounts_are_rejected(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()
