"""Codes at two levels: one level as a limit, round trips, gradients, the rate, a prior fitted to them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.layers.multiscale import StackMaps, upsample
from tfvae.objectives import VectorQuantization
from tfvae.posteriors import HierarchicalVectorQuantizer, VectorQuantizer, VectorQuantizerEMA
from tfvae.priors import AutoregressiveCodes, CodesModel, UniformCodes

kinds = pytest.mark.parametrize("kind", [VectorQuantizer, VectorQuantizerEMA])
RATE = 4 * np.log(5) + 16 * np.log(7)
SIZES = (5,) * 4 + (7,) * 16


def _levels(kind=VectorQuantizer):
    """Maps of 2 x 2 and 4 x 4 positions, with 5 and 7 codes."""
    return HierarchicalVectorQuantizer(kind(5, 2, 4), kind(7, 2, 16), upsample([(2, 2, 2)], 3))


def _features(batch=6, seed=0):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(size=(batch, n, n, 4)), tf.float32) for n in (2, 4)]


@kinds
def test_where_the_top_is_constant_it_is_one_level(kind):
    """What the bottom then knows of the top is a bias of its projection."""
    levels, (above, below) = _levels(kind), _features()
    above = tf.broadcast_to(above[:1], above.shape)
    params = levels([above, below])
    one = kind(7, 2, 16)
    one.build((None, 16, 7))
    decoded = levels.between(levels.top.straight_through(params["top"])[:1])
    kernel = np.array(levels.bottom.head.dense.kernel)
    one.head.dense.kernel.assign(kernel)
    one.head.dense.bias.assign(levels.bottom.head.dense.bias)
    one.codebook.assign(levels.bottom.codebook)
    # The constant differs between positions, as a center may.
    one.center.assign(-(tf.reshape(decoded, (16, 3)) @ kernel[4:]))
    alone = one(tf.pad(tf.reshape(below, (6, 16, 4)), [[0, 0], [0, 0], [0, 3]]))
    np.testing.assert_array_equal(params["bottom"]["codes"], alone["codes"])
    np.testing.assert_allclose(params["bottom"]["features"], alone["features"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        levels.commitment_loss(params) - levels.top.commitment_loss(params["top"]),
        one.commitment_loss(alone),
        rtol=1e-4,
    )
    assert np.ptp(levels.codes(params)[:, :4], axis=0).max() == 0
    assert np.ptp(levels.codes(params)[:, 4:], axis=0).max() > 0


def test_the_bottom_is_chosen_where_the_top_is_known():
    levels, (above, below) = _levels(), _features()
    same = tf.broadcast_to(below[:1], below.shape)
    params = levels([above, same])
    assert np.ptp(params["bottom"]["codes"], axis=0).max() > 0
    np.testing.assert_array_equal(params["top"]["codes"], levels([above, below])["top"]["codes"])


def test_codes_and_their_vectors_are_a_round_trip():
    levels = _levels()
    params = levels(_features())
    codes, z = levels.codes(params), levels.location(params)
    np.testing.assert_array_equal(levels.embed(codes), z)
    np.testing.assert_array_equal(levels.nearest(z), codes)
    drawn = np.random.default_rng(1).integers(0, SIZES, (3, 2, 20)).astype("int32")
    np.testing.assert_array_equal(levels.nearest(levels.embed(drawn)), drawn)
    summary = levels.summary(params)
    np.testing.assert_array_equal(summary["codes"], codes)
    np.testing.assert_array_equal(summary["location"], z)
    expected = np.concatenate(
        [np.array(levels.top.codebook)[codes[:, :4]], np.array(levels.bottom.codebook)[codes[:, 4:]]], axis=1
    )
    np.testing.assert_array_equal(z, expected.reshape(6, 40))


@kinds
def test_gradients_go_straight_through_both_levels(kind):
    """Of the codes at the bottom alone, by way of the top's vectors, also to the top's features."""
    levels, (above, below) = _levels(kind), _features()
    weights = tf.random.stateless_normal((6, 40), (1, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([above, below])
        params = levels([above, below])
        z, log_q = levels.transform(params, levels.noise((3, 6), (1, 2)))
        parts = tf.split(tf.reduce_sum(z * weights, axis=(0, 1)), [8, 32])
        top, bottom = (tf.reduce_sum(part) for part in parts)
    np.testing.assert_array_equal(log_q, np.zeros((3, 6)))
    np.testing.assert_allclose(z, np.tile(levels.location(params), (3, 1, 1)), atol=1e-6)
    for value, features in ((top, above), (bottom, below), (bottom, above)):
        gradient = tape.gradient(value, features)
        assert np.isfinite(gradient).all()
        assert (np.abs(gradient).max(axis=(1, 2, 3)) > 0).all()
    np.testing.assert_array_equal(tape.gradient(top, below), np.zeros(below.shape))
    received = tape.gradient(top, params["top"]["features"])
    np.testing.assert_allclose(tf.reshape(received, (6, 8)), 3 * weights[:, :8], rtol=1e-5)


def test_under_the_uniform_prior_the_rate_is_the_sum_of_both():
    levels, prior = _levels(), UniformCodes(SIZES, 2, 20)
    params = levels(_features())
    prior.attach(levels)
    z, log_q = levels.transform(params, levels.noise((2, 6), (3, 4)))
    trace = Trace(None, None, levels.distribution(params), prior.distribution(), None, z, log_q)
    np.testing.assert_allclose(trace.rate, np.full(6, RATE), rtol=1e-6)
    codes = levels.nearest(prior.transform(tf.random.stateless_normal((3000, 20), (1, 2)))).numpy()
    for position, size in enumerate(SIZES):
        shares = np.bincount(codes[:, position], minlength=size) / 3000
        assert len(shares) == size
        assert np.abs(shares - 1 / size).max() < 5 * np.sqrt(1 / size * (1 - 1 / size) / 3000)
    ends = levels.nearest(prior.transform(tf.constant([[-30.0] * 20, [30.0] * 20])))
    np.testing.assert_array_equal(ends, [[0] * 20, [size - 1 for size in SIZES]])


def test_an_autoregressive_prior_gives_nothing_to_codes_that_are_not_there():
    prior = AutoregressiveCodes((2, 4, 3), 2, 3, units=5)
    for number, weight in enumerate(prior.trainable_weights):
        weight.assign(weight + tf.random.stateless_normal(weight.shape, (number, 1)))
    codes = np.indices((4, 4, 4)).reshape(3, -1).T
    log_p = prior.log_prob(codes).numpy().astype("float64")
    there = (codes < (2, 4, 3)).all(axis=1)
    np.testing.assert_allclose(np.exp(log_p[there]).sum(), 1.0, atol=1e-5)
    assert (log_p[~there] == -np.inf).all()
    drawn = prior.draw(tf.random.stateless_normal((2000, 3), (1, 2))).numpy()
    np.testing.assert_array_equal(drawn.max(axis=0), (1, 3, 2))
    far = prior.draw(tf.fill((1, 3), 30.0))
    np.testing.assert_array_equal(far[0], (1, 3, 2))


def _vae(posterior, prior):
    return tfvae.VAE(
        encoder=tfvae.layers.FeaturePyramid([tfvae.layers.downsample(8), tfvae.layers.downsample(8)]),
        decoder=upsample([(2, 2, 2), (4, 4, 2)], 8),
        posterior=posterior,
        likelihood=tfvae.likelihoods.Bernoulli((8, 8, 1)),
        prior=prior,
        objective=VectorQuantization(),
        seed=3,
    )


@pytest.mark.slow
def test_a_prior_fitted_afterwards_shortens_the_codes_of_images(flat, tmp_path):
    """On images it was not fitted to, as well."""
    keras.utils.set_random_seed(1)
    images = flat.reshape(-1, 8, 8, 1)
    x, unseen = images[:1024], images[1024:1536]
    first = _vae(_levels(VectorQuantizerEMA), UniformCodes(SIZES, 2, 20))
    first.compile(tfvae.optimizers.Adam(1e-2))
    history = first.fit(x, epochs=4, verbose=0).history
    assert history["distortion"][-1] < 0.9 * history["distortion"][0]
    np.testing.assert_allclose(history["rate"], RATE, rtol=1e-5)
    for level in (first.posterior.top, first.posterior.bottom):
        assert np.count_nonzero(np.array(level.usage) > 1.0) > 2
    prior = AutoregressiveCodes(SIZES, 2, 20, units=16)
    model = CodesModel(prior)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    model.fit(first.posterior_summary({"x": tf.constant(x)})["codes"], epochs=6, verbose=0)
    second = tfvae.VAE(
        first.encoder, first.decoder, first.posterior, first.likelihood, prior, VectorQuantization()
    )
    trace = second.trace(unseen)
    codes = second.posterior_summary({"x": tf.constant(unseen)})["codes"]
    np.testing.assert_allclose(trace.rate, -prior.log_prob(codes), rtol=1e-5)
    assert np.mean(trace.rate) < 0.8 * RATE
    np.testing.assert_allclose(trace.distortion, first.trace(unseen).distortion, rtol=1e-6)
    assert second.sample(3).shape == (3, 8, 8, 1)
    second.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(unseen[:5]), second.elbo(unseen[:5]))


def test_three_levels_are_two_of_which_one_is_two():
    keras.utils.set_random_seed(1)
    three = HierarchicalVectorQuantizer(
        _levels(), VectorQuantizer(3, 2, 64), upsample([(2, 2, 2), (4, 4, 2)], 3)
    )
    above, below = _features()
    params = three([[above, below], tf.ones((6, 8, 8, 2))])
    assert three.num_codes == SIZES + (3,) * 64
    np.testing.assert_array_equal(three.nearest(three.location(params)), three.codes(params))
    assert three.codes(params).shape == (6, 84)


def test_the_configuration_makes_it_again():
    levels, features = _levels(), _features()
    expected = levels(features)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(levels))
    again(features)
    again.set_weights(levels.get_weights())
    np.testing.assert_array_equal(again.location(again(features)), levels.location(expected))


def test_bad_arguments_are_rejected_by_name():
    with pytest.raises(InvalidInput, match="bottom: expected the top's code_dim 2, received 3"):
        HierarchicalVectorQuantizer(
            VectorQuantizer(5, 2, 4), VectorQuantizer(5, 3, 16), upsample([(2, 2, 2)], 3)
        )
    with pytest.raises(InvalidInput, match="between: expected"):
        HierarchicalVectorQuantizer(VectorQuantizer(5, 2, 4), VectorQuantizer(5, 2, 16), None)
    with pytest.raises(InvalidInput, match="between: expected .*, received"):
        HierarchicalVectorQuantizer(
            VectorQuantizer(5, 2, 4), VectorQuantizer(5, 2, 16), StackMaps([(2, 2, 2)])
        )(_features())
    with pytest.raises(InvalidInput, match="shapes: expected .*divides"):
        StackMaps([(3, 2, 1), (4, 4, 1)])
    for prior in (UniformCodes, AutoregressiveCodes):
        with pytest.raises(InvalidInput, match="prior: expected"):
            prior(5, 2, 20).attach(_levels())
        with pytest.raises(InvalidInput, match="num_codes: expected one number, or one for each of 20"):
            prior((5, 7), 2, 20)
    with pytest.raises(InvalidInput, match="shape: expected .*divisible by 4"):
        tfvae.zoo.vq_vae_2((6, 8, 1))
