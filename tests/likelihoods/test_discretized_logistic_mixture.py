"""The discretized logistic mixture: complete masses, both ends, color, draws and means."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import tfvae
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


@pytest.mark.parametrize(
    ("weights", "means", "scales"),
    [
        ([1.0], [0.1], [0.3]),
        ([0.2, 0.5, 0.3], [-0.7, 0.0, 0.4], [0.05, 0.4, 0.01]),
        ([0.5, 0.5], [-1.3, 1.02], [0.2, 0.002]),
        ([0.9, 0.1], [0.0, 5.0], [20.0, 1.0]),
    ],
)
def test_gray_masses_are_the_definitions_and_sum_to_one(weights, means, scales):
    log_mass = _of_all_values(_gray(weights, means, scales), len(weights)).numpy()
    assert np.exp(log_mass.astype("float64")).sum() == pytest.approx(1.0, abs=1e-5)
    components = zip(weights, means, scales, strict=True)
    expected = sum(weight * _mass(2 * VALUES - 1, mean, scale) for weight, mean, scale in components)
    likely = expected > 1e-12
    np.testing.assert_allclose(log_mass[likely], np.log(expected[likely]), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(np.exp(log_mass), expected, atol=1e-4)


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


def _color():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(1, 1, 20)).astype("float32")
    per_component = raw[0, 0, 2:].reshape(2, 9)
    per_component[:, :3] *= 0.3
    per_component[:, 3:6] -= 2
    return raw[np.newaxis]


def _color_parameters(raw):
    given = raw[0, 0, 0, 2:].reshape(2, 9).astype("float64")
    scales = np.exp(-7 + np.logaddexp(0, given[:, 3:6] + 7))
    return special.softmax(raw[0, 0, 0, :2].astype("float64")), given[:, :3], scales, np.tanh(given[:, 6:])


def test_color_masses_follow_the_chain_of_channels():
    """Summed over blue, and over green and blue, the mass is that of the channels before."""
    raw = _color()
    px = DiscretizedLogisticMixture((1, 1, 3), 2).distribution({"raw": raw})
    weights, means, scales, coefficients = _color_parameters(raw)
    values = 2 * VALUES - 1
    for red in (0, 90, 255):
        green, blue = np.meshgrid(VALUES, VALUES, indexing="ij")
        x = np.stack([np.full_like(green, VALUES[red]), green, blue], axis=-1).reshape(-1, 1, 1, 3)
        mass = np.exp(px.log_prob(x.astype("float32")).numpy().astype("float64")).reshape(256, 256)
        red_mass = [_mass(values[red], means[k, 0], scales[k, 0]) for k in range(2)]
        assert mass.sum() == pytest.approx(weights @ red_mass, rel=1e-4)
        green_means = means[:, 1] + coefficients[:, 0] * values[red]
        green_mass = sum(
            weights[k] * red_mass[k] * _mass(values, green_means[k], scales[k, 1]) for k in range(2)
        )
        np.testing.assert_allclose(mass.sum(axis=1), green_mass, rtol=1e-3, atol=1e-9)
        blue_means = means[:, 2] + coefficients[:, 1] * values[red] + coefficients[:, 2] * values[100]
        blue_mass = sum(
            weights[k]
            * red_mass[k]
            * _mass(values[100], green_means[k], scales[k, 1])
            * _mass(values, blue_means[k], scales[k, 2])
            for k in range(2)
        )
        np.testing.assert_allclose(mass[100], blue_mass, rtol=1e-3, atol=1e-12)


def test_draws_are_values_with_their_frequencies():
    raw = _gray([0.6, 0.4], [-0.95, 0.3], [0.1, 0.05])
    px = DiscretizedLogisticMixture((1, 1, 1), 2).distribution({"raw": raw})
    draws = px.sample(20000, seed=(1, 2)).numpy().reshape(-1)
    numbers = np.round(255 * draws)
    np.testing.assert_allclose(draws, numbers / 255, rtol=1e-6)
    mass = np.exp(_of_all_values(raw, 2).numpy().astype("float64").reshape(-1))
    often = mass > 5e-4
    counts = np.append(np.bincount(numbers.astype(int), minlength=256)[often], 0)
    counts[-1] = 20000 - counts.sum()
    expected = 20000 * np.append(mass[often], 1 - mass[often].sum())
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 1e-3


def test_color_draws_have_the_density():
    """Against draws made in NumPy by the definition: first and second moments, and products of channels."""
    raw = _color()
    px = DiscretizedLogisticMixture((1, 1, 3), 2).distribution({"raw": raw})
    draws = px.sample(5000, seed=(3, 4))
    assert draws.shape == (5000, 1, 1, 1, 3)
    weights, means, scales, coefficients = _color_parameters(raw)
    rng = np.random.default_rng(5)
    component = rng.choice(2, size=5000, p=weights)
    noise = rng.logistic(size=(5000, 3)) * scales[component]
    done = []
    for channel in range(3):
        value = means[component, channel] + noise[:, channel]
        for number, before in enumerate(done):
            value += coefficients[component, channel * (channel - 1) // 2 + number] * before
        done.append(np.clip(np.round((value + 1) * 127.5), 0, 255) / 127.5 - 1)
    reference = (np.stack(done, axis=-1) + 1) / 2
    ours = draws.numpy().reshape(5000, 3)
    for statistic in (lambda x: x, lambda x: x**2, lambda x: x * np.roll(x, 1, axis=1)):
        a, b = statistic(ours), statistic(reference)
        error = np.sqrt((a.var(0) + b.var(0)) / 5000)
        assert (np.abs(a.mean(0) - b.mean(0)) < 4.5 * error).all()


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.3, 2.0])
def test_the_gray_mean_is_within_half_a_bin_of_the_sum_over_values(scale):
    raw = _gray([0.3, 0.7], [-0.98, 0.437], [scale, scale])
    likelihood = DiscretizedLogisticMixture((1, 1, 1), 2)
    exact = (np.exp(_of_all_values(raw, 2).numpy().astype("float64").reshape(-1)) * VALUES).sum()
    assert abs(float(likelihood.mean({"raw": raw})[0, 0, 0, 0]) - exact) < 1 / 510
    if scale > 0.01:
        assert float(likelihood.mean({"raw": raw})[0, 0, 0, 0]) == pytest.approx(exact, abs=1e-4)


def test_the_color_mean_is_that_of_draws():
    raw = _color()
    likelihood = DiscretizedLogisticMixture((1, 1, 3), 2)
    draws = likelihood.distribution({"raw": raw}).sample(20000, seed=(5, 6)).numpy()[:, 0, 0, 0]
    mean = likelihood.mean({"raw": raw})[0, 0, 0]
    assert (np.abs(draws.mean(0) - mean) < 4.5 * draws.std(0) / np.sqrt(20000) + 1e-3).all()


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
def test_bad_arguments_are_refused(arguments, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        DiscretizedLogisticMixture(*arguments)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
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
