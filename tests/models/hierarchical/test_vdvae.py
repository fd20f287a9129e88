"""The very deep VAE: its blocks, its way down, and what it shares with other layered models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.models import VDVAE, ResidualPyramid, TopDownDecoder
from tfvae.models.hierarchical.residual_pyramid import ResidualBlock

FACTORS, BLOCKS = (2, 4), (2, 1, 1)


def _model(shape=(8, 8, 1)):
    return VDVAE(
        ResidualPyramid(shape, FACTORS, (1, 1, 1), width=8, middle=4),
        TopDownDecoder(shape, FACTORS, BLOCKS, width=8, middle=4, z_channels=2),
        tfvae.likelihoods.Bernoulli(shape),
    )


@pytest.fixture(scope="module")
def trained(digits):
    """A model of 8x8, 8x8, 4x4 and 1x1 latent variables after some steps."""
    keras.utils.set_random_seed(1)
    model = _model()
    model.compile(tfvae.optimizers.Adam(1e-2))
    model.fit(digits[:512], epochs=6, batch_size=64, verbose=0)
    return model


def test_layers_have_the_sizes_of_their_resolutions(trained):
    assert trained.layer_dims == (128, 128, 32, 2)
    assert trained.latent_dim == 290


def test_the_prior_starts_as_a_standard_normal_whatever_the_draws(digits):
    model = _model()
    trace = model.trace(digits[:3], num_samples=2)
    standard = -0.5 * tf.reduce_sum(trace.z**2, axis=-1) - 145 * np.log(2 * np.pi)
    np.testing.assert_allclose(trace.log_p, standard, rtol=1e-3)


def test_the_rate_is_the_sum_of_the_layers(trained, digits):
    x = digits[:20]
    rates = trained.layer_rates(x, num_samples=2, seed=5)
    assert rates.shape == (20, 4)
    assert np.all(rates >= 0)
    expected = trained.elbo(x, num_samples=2, seed=5) + trained.distortion(x, num_samples=2, seed=5)
    np.testing.assert_allclose(-rates.sum(axis=1), expected, rtol=1e-4, atol=1e-3)


def test_closed_rates_agree_with_sampled_densities(trained, digits):
    trace = trained.trace(digits[:4], num_samples=1000, seed=2)
    difference = trace.log_q - trace.log_p - tf.reduce_sum(trace.record["rates"], axis=-1)
    mean, spread = np.mean(difference, axis=0), np.std(difference, axis=0)
    assert np.all(np.abs(mean) < 4 * spread / np.sqrt(1000))


def test_following_the_draws_gives_their_densities_and_image(trained, digits):
    """Inference, generation and the walk with given z are one way down."""
    trace = trained.trace(digits[:4], num_samples=2)
    again = trained.retrace(trace, trace.z, trace.log_q)
    np.testing.assert_allclose(again.log_p, trace.log_p, rtol=1e-4)
    np.testing.assert_allclose(again.log_x, trace.log_x, rtol=1e-4)
    noise = tf.random.stateless_normal((5, 290), [1, 2])
    z = trained.prior_draw(noise)
    log_p = tf.add_n(trained.follow(tf.split(z, trained.layer_dims, axis=-1))[0])
    still = trained.prior_draw(tf.zeros((5, 290)))
    assert np.all(log_p < tf.add_n(trained.follow(tf.split(still, trained.layer_dims, axis=-1))[0]))


def test_several_draws_are_as_many_passes(trained, digits):
    inputs, noise = {"x": tf.constant(digits[:3])}, trained.noise(2, 3, tf.constant([1, 2]))
    both = trained.trace_with_noise(inputs, noise)
    for draw in range(2):
        one = trained.trace_with_noise(inputs, noise[draw : draw + 1])
        for name in ("z", "log_q", "log_p", "log_x"):
            expected, received = getattr(one, name)[0], getattr(both, name)[draw]
            np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4)


def test_upper_layers_move_the_prior_of_the_lower(trained):
    noise = np.zeros((2, 290), "float32")
    noise[1, -2:] = 3.0  # the 1x1 layer
    z = trained.prior_draw(tf.constant(noise)).numpy()
    assert np.abs(z[0, :288] - z[1, :288]).max() > 1e-4


def test_the_temperature_runs_from_the_mean_path_to_the_sample(trained):
    np.testing.assert_array_equal(trained.sample_at(1.0, 3, seed=3), trained.sample(3, seed=3))
    still = trained.sample_at(0.0, 3, seed=3)
    np.testing.assert_allclose(still, np.broadcast_to(still[:1], still.shape), rtol=1e-5)
    state = trained.generator.walk(tf.constant(1), lambda place, state, p: p.mean())
    np.testing.assert_allclose(still[:1], trained.likelihood.mean(trained.likelihood(state)), rtol=1e-5)


def test_pooling_and_upsampling_keep_a_constant_and_its_place():
    from tfvae.models.hierarchical.top_down import _enlarged

    image = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    large = _enlarged(image, 3)
    np.testing.assert_array_equal(large[0, :3, 3:, 0], np.full((3, 3), 1.0))
    np.testing.assert_array_equal(tf.nn.avg_pool2d(large, 3, 3, "VALID"), image)


def test_what_is_added_to_the_state_is_small_in_deep_models():
    """One block's output has 1/depth of the variance, so that of the sum does not grow with the depth."""
    x = tf.random.stateless_normal((8, 8, 8, 16), [1, 2])
    stds = []
    for gain in (1.0, 0.25):
        keras.utils.set_random_seed(3)
        stds.append(np.std(ResidualBlock((8, 8, 16), 8, 16, gain)(x)))
    assert stds[1] / stds[0] == pytest.approx(0.25, rel=1e-4)
    np.testing.assert_array_equal(ResidualBlock((8, 8, 16), 8, 16, 0.0)(x), np.zeros(x.shape))


def test_a_bottleneck_sees_its_neighbors_where_there_are_any():
    """Two 3x3 convolutions reach two pixels; maps of at most two pixels a side have none."""
    block, point = ResidualBlock((9, 9, 1), 4, 1), tf.one_hot([40], 81)
    seen = tf.reshape(block(tf.reshape(point, (1, 9, 9, 1))) - block(tf.zeros((1, 9, 9, 1))), (9, 9)).numpy()
    assert np.all(seen[2:7, 2:7] != 0)
    assert np.count_nonzero(seen) == 25
    assert [c.kernel_size for c in ResidualBlock((2, 2, 1), 4, 1).convolutions] == [(1, 1)] * 4


def test_saved_weights_come_back(trained, digits, tmp_path):
    trained.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == len(trained.weights)
    np.testing.assert_array_equal(again.layer_rates(digits[:9]), trained.layer_rates(digits[:9]))


def test_what_does_not_fit_together_is_refused():
    shape = (8, 8, 1)
    with pytest.raises(InvalidInput, match="divide"):
        ResidualPyramid(shape, (3,), (1, 1), 8, 4)
    with pytest.raises(InvalidInput, match="blocks: expected 3"):
        TopDownDecoder(shape, (2, 2), (1, 1), 8, 4, 2)
    with pytest.raises(InvalidInput, match="of an image"):
        TopDownDecoder((8,), (2,), (1, 1), 8, 4, 2)
    with pytest.raises(InvalidInput, match="the encoder's factors"):
        VDVAE(
            ResidualPyramid(shape, (2,), (1, 1), 8, 4),
            TopDownDecoder(shape, (4,), (1, 1), 8, 4, 2),
            tfvae.likelihoods.Bernoulli(shape),
        )
    with pytest.raises(InvalidInput, match="for images"):
        VDVAE(
            ResidualPyramid(shape, (2,), (1, 1), 8, 4),
            TopDownDecoder(shape, (2,), (1, 1), 8, 4, 2),
            tfvae.likelihoods.Bernoulli((4, 4, 1)),
        )
    with pytest.raises(InvalidInput, match="TopDown.*which needs"):
        VDVAE(
            ResidualPyramid(shape, (2,), (1, 1), 8, 4),
            TopDownDecoder(shape, (2,), (1, 1), 8, 4, 2),
            tfvae.likelihoods.Bernoulli(shape),
            tfvae.objectives.StickingTheLanding(),
        )
