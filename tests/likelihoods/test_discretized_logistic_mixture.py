"""The discretized logistic mixture likelihood: its parametrization, its extremes, training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import tfvae
from tfvae import distributions
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.discretized_logistic_mixture import DiscretizedLogisticMixture

VALUES = np.arange(256, dtype="float64") / 255


def _gray(weights, means, scales):
    """Raw parameters of one gray pixel; means and scales on [-1, 1]."""
    raw_scales = np.log(np.expm1(np.log(scales) + 7)) - 7
    per_component = np.stack([means, raw_scales], axis=1).reshape(-1)
    return tf.constant(np.concatenate([np.log(weights), per_component]).reshape(1, 1, 1, -1), "float32")


def _mass(values, mean, scale):
    """The mass of each value in float64, by the definition; values and mean on [-1, 1]."""
    upper = np.where(values > 1 - 1 / 255, 1.0, special.expit((values + 1 / 255 - mean) / scale))
    lower = np.where(values < 1 / 255 - 1, 0.0, special.expit((values - 1 / 255 - mean) / scale))
    return upper - lower


def _of_all_values(raw, num_components):
    likelihood = DiscretizedLogisticMixture((1, 1, 1), num_components)
    return likelihood.distribution({"raw": raw}).log_prob(VALUES.reshape(256, 1, 1, 1).astype("float32"))


def test_far_tails_fall_linearly_and_never_to_minus_infinity():
    """At the smallest scale exp(-7) a whole image away, log-mass is -distance / scale."""
    raw = tf.constant([[[[0.0, -1.0, -1e6]]]])
    log_mass = _of_all_values(raw, 1).numpy()
    assert log_mass[0] > -0.02
    distance = 2 * VALUES[1:255] - 1 / 255
    np.testing.assert_allclose(log_mass[1:255], -distance * np.exp(7), rtol=2e-3, atol=0.02)


@pytest.mark.parametrize("raw_scale", [-1e6, -50.0, -7.0, 0.0, 20.0, 80.0, 200.0])
@pytest.mark.parametrize("mean", [-1e4, -1.0, 0.0, 3.0])
def test_density_and_gradient_are_finite_everywhere(raw_scale, mean):
    likelihood = DiscretizedLogisticMixture((1, 1, 1), 2)
    x = tf.constant([-3e38, -1.0, -1e-6, 0.0, 1e-6, 1 / 510, 0.3, 1.0, 1 + 1e-6, 255.0, 3e38])
    raw = tf.constant([[[[5.0, -5.0, mean, raw_scale, 0.1, 0.0]]]])
    with tf.GradientTape() as tape:
        tape.watch([x, raw])
        log_mass = likelihood.distribution({"raw": raw}).log_prob(tf.reshape(x, (-1, 1, 1, 1)))
    for value in (log_mass, *tape.gradient(log_mass, [x, raw])):
        assert np.isfinite(value).all()
    assert (log_mass.numpy() <= 0).all()


def test_a_wide_scale_keeps_the_ratio_of_the_ends():
    """With an ever wider scale each end takes half, and inner values take bin / (4 scale)."""
    log_mass = _of_all_values(tf.constant([[[[0.0, 0.0, 40.0]]]]), 1).numpy()
    np.testing.assert_allclose(log_mass[[0, 255]], np.log(0.5), rtol=1e-5)
    np.testing.assert_allclose(log_mass[1:255], np.log(2 / 255 / 4) - 40, rtol=1e-5)


def test_the_parameters_are_those_of_the_definition():
    """Logits first, then for each component means, raw scales and, in color, raw coefficients."""
    raw = tf.random.stateless_normal((1, 1, 1, 20), (1, 2))
    given = tf.reshape(raw[..., 2:], (1, 1, 1, 2, 9))
    log_scales = tf.math.softplus(given[..., 3:6] + 7) - 7
    expected = distributions.DiscretizedLogisticMixture(
        raw[..., :2], given[..., :3], log_scales, tf.tanh(given[..., 6:]), (1, 1, 3)
    )
    x = np.random.default_rng(0).integers(0, 256, (50, 1, 1, 1, 3)).astype("float32") / 255
    likelihood = DiscretizedLogisticMixture((1, 1, 3), 2)
    px = likelihood.distribution({"raw": raw})
    np.testing.assert_allclose(px.log_prob(x), expected.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(likelihood.mean({"raw": raw}), expected.mean(), rtol=1e-5)


def test_samples_of_z_lead_and_pixels_add():
    likelihood = DiscretizedLogisticMixture((2, 3, 3), 4)
    params = likelihood(tf.random.stateless_normal((5, 7), (1, 2)))
    assert params["raw"].shape == (5, 2, 3, 40)
    raw = tf.stack([params["raw"], -params["raw"]])
    x = np.random.default_rng(0).integers(0, 256, (5, 2, 3, 3)).astype("float32") / 255
    log_prob = likelihood.distribution({"raw": raw}).log_prob(x)
    assert log_prob.shape == (2, 5)
    pixel = DiscretizedLogisticMixture((1, 1, 3), 4)
    total = 0
    for row in range(2):
        for column in range(3):
            part = raw[:, :, row : row + 1, column : column + 1]
            total += pixel.distribution({"raw": part}).log_prob(x[:, row : row + 1, column : column + 1])
    np.testing.assert_allclose(log_prob, total, rtol=1e-5)
    assert likelihood.mean({"raw": raw}).shape == (2, 5, 2, 3, 3)


def test_features_can_have_the_images_grid():
    likelihood = DiscretizedLogisticMixture((2, 3, 1), 4)
    assert likelihood(tf.zeros((5, 2, 3, 6)))["raw"].shape == (5, 2, 3, 12)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [(((8, 8, 2), 5), "event_shape"), (((64,), 5), "event_shape"), (((8, 8, 1), 0), "num_components")],
)
def test_bad_arguments_are_rejected(arguments, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        DiscretizedLogisticMixture(*arguments)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.slow
def test_it_trains_saves_and_is_loaded(policy, digits, tmp_path):
    keras.config.set_dtype_policy(policy)
    x = np.round(255 * digits[:256]) / 255
    vae = tfvae.VAE(
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.posteriors.Normal(3),
        DiscretizedLogisticMixture((8, 8, 1), 3),
    )
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:64], y_pred=vae(x[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    if policy == "float32":
        vae.compile(optimizer=keras.optimizers.Adam(1e-2))
        history = vae.fit(x, epochs=3, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]
        vae.save(tmp_path / "vae.keras")
        again = keras.saving.load_model(tmp_path / "vae.keras")
        np.testing.assert_array_equal(again.elbo(x), vae.elbo(x))
        assert again.likelihood.num_components == 3
