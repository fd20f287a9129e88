"""Codebooks: nearest codes, straight-through gradients, running averages, restarts, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.trace import Trace
from tfvae.objectives.vector_quantization import VectorQuantization
from tfvae.posteriors import VectorQuantizer, VectorQuantizerEMA, perplexity
from tfvae.priors.codes import UniformCodes

kinds = pytest.mark.parametrize("kind", [VectorQuantizer, VectorQuantizerEMA])


def _params(posterior, features):
    """What the call returns where the projection gives these features, [B, positions * size]."""
    if not posterior.built:
        posterior.build((None, features.shape[1]))
    posterior.head.dense.kernel.assign(np.eye(features.shape[1]))
    return posterior(tf.constant(features))


def _features(batch=6, positions=3, size=2, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, positions * size)).astype("float32")


def _observe(posterior, params, seed=(1, 2)):
    record = {"posterior": params}
    posterior.observe(Trace(None, None, None, None, None, None, None, record, tf.constant(seed)))


@kinds
def test_codes_are_the_nearest_vectors(kind):
    posterior, features = kind(7, 2, 3), _features()
    params = _params(posterior, features)
    codebook = np.array(posterior.codebook)
    raw = features.reshape(6, 3, 2)
    expected = raw / np.sqrt(np.mean(raw**2, axis=-1, keepdims=True))
    distances = ((expected[:, :, np.newaxis] - codebook) ** 2).sum(-1)
    np.testing.assert_array_equal(params["codes"], distances.argmin(-1))
    nearest = codebook[distances.argmin(-1)]
    np.testing.assert_allclose(params["features"], expected, rtol=1e-5)
    np.testing.assert_array_equal(params["vectors"], nearest)
    np.testing.assert_array_equal(posterior.embed(params["codes"]), nearest.reshape(6, 6))
    np.testing.assert_allclose(posterior.commitment_loss(params), distances.min(-1).sum(-1), rtol=1e-5)


@kinds
def test_gradients_go_straight_through_to_the_features(kind):
    posterior = kind(7, 2, 3)
    params = _params(posterior, _features())
    weights = tf.random.stateless_normal((4, 6, 6), (1, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([params["features"], params["vectors"]])
        z, log_q = posterior.transform(params, posterior.noise((4, 6), (1, 2)))
        value = tf.reduce_sum(weights * z)
    np.testing.assert_allclose(z, np.tile(posterior.location(params), (4, 1, 1)), atol=1e-6)
    np.testing.assert_array_equal(log_q, np.zeros((4, 6)))
    expected = tf.reduce_sum(weights, 0)
    np.testing.assert_allclose(
        tf.reshape(tape.gradient(value, params["features"]), (6, 6)), expected, rtol=1e-6
    )
    assert tape.gradient(value, params["vectors"]) is None


def test_the_two_terms_have_the_gradients_of_the_paper():
    posterior = VectorQuantizer(7, 2, 3)
    params = _params(posterior, _features())
    difference = params["features"] - params["vectors"]
    for loss, moved, sign in (
        (posterior.codebook_loss, "vectors", -2),
        (posterior.commitment_loss, "features", 2),
    ):
        with tf.GradientTape() as tape:
            tape.watch(params)
            value = loss(params)
        assert value.shape == (6,)
        gradients = tape.gradient(value, [params["features"], params["vectors"]])
        for name, gradient in zip(("features", "vectors"), gradients, strict=True):
            if name == moved:
                np.testing.assert_allclose(gradient, sign * difference, rtol=1e-5)
            else:
                assert gradient is None


def test_features_of_positions_are_projected_one_by_one():
    posterior = VectorQuantizer(7, 2, 6)
    features = tf.random.stateless_normal((4, 2, 3, 5), (1, 2))
    params = posterior(features)
    assert posterior.head.dense.kernel.shape == (5, 2)
    one = posterior(tf.tile(features[:, 1:, 2:], (1, 2, 3, 1)))
    np.testing.assert_allclose(params["features"][:, 5], one["features"][:, 0], rtol=1e-5, atol=1e-6)
    assert VectorQuantizer(7, 2, 4)(features)["codes"].shape == (
        4,
        4,
    )  # from features of other positions, as a whole


def test_features_have_a_mean_square_of_one_at_any_scale():
    posterior = VectorQuantizer(3, 2, 3)
    params = _params(posterior, _features(batch=50))
    np.testing.assert_allclose(np.mean(np.square(params["features"]), -1), 1.0, rtol=1e-5)
    posterior.head.dense.bias.assign(np.zeros(posterior.head.dense.bias.shape))
    larger = _params(posterior, 100.0 * _features(batch=50))
    np.testing.assert_allclose(
        larger["features"], _params(posterior, _features(batch=50))["features"], rtol=1e-4
    )


def test_running_averages_are_those_of_the_paper():
    posterior = VectorQuantizerEMA(3, 2, 3, decay=0.9, restart=0.0, smoothing=1e-9)
    codebook = np.array(posterior.codebook).astype("float64")
    counts, sums = np.zeros(3), np.zeros((3, 2))
    for step in range(5):
        features = _features(seed=step)
        params = _params(posterior, features)
        codes = params["codes"].numpy().ravel()
        rows = params["features"].numpy().reshape(-1, 2)
        np.testing.assert_array_equal(codes, ((rows[:, None] - codebook) ** 2).sum(-1).argmin(-1))
        _observe(posterior, params)
        rows = (
            _params(posterior, features)["features"].numpy().reshape(-1, 2)
        )  # by the new mean and deviation
        uses = np.eye(3)[codes]
        counts, sums = 0.9 * counts + 0.1 * uses.sum(0), 0.9 * sums + 0.1 * uses.T @ rows
        codebook = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1e-9)[:, None], codebook)
        np.testing.assert_allclose(posterior.usage, counts, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(posterior.codebook, codebook, rtol=1e-4, atol=1e-5)
    assert (counts > 0).all()


def test_a_dead_code_of_running_averages_stays_where_it_is():
    posterior = VectorQuantizerEMA(3, 2, 3, restart=0.0)
    posterior.codebook.assign([[0.0, 0.0], [1.0, 0.0], [100.0, 100.0]])
    for step in range(20):
        _observe(posterior, _params(posterior, _features(seed=step)))
    np.testing.assert_allclose(posterior.codebook[2], [100.0, 100.0], rtol=1e-6)
    assert float(posterior.usage[2]) == 0.0


@kinds
def test_the_first_batch_starts_the_codes_on_its_features(kind):
    posterior = kind(5, 2, 3)
    features = 50.0 + 0.1 * _features()
    _observe(posterior, _params(posterior, features))
    params = _params(posterior, features)
    rows = params["features"].numpy().reshape(-1, 2)
    np.testing.assert_allclose(posterior.center, features.reshape(6, 3, 2).mean(0), rtol=1e-5)
    for code in np.array(posterior.codebook):
        assert np.abs(rows - code).max(-1).min() < 1e-3
    np.testing.assert_allclose(posterior.usage, np.full(5, 2 * 0.03 * 18 / 5), rtol=1e-6)
    assert perplexity(params["codes"], 5) > 2


@kinds
def test_a_dead_code_is_moved_only_after_long_disuse(kind):
    posterior = kind(3, 2, 3, decay=0.9, restart=0.05)
    posterior.codebook.assign([[0.0, 0.0], [1.0, 0.0], [100.0, 100.0]])
    posterior.usage.assign([6.0, 6.0, 6.0])
    steps = int(np.ceil(np.log(0.05) / np.log(0.9)))
    for step in range(steps - 1):
        _observe(posterior, _params(posterior, _features(seed=step)))
        np.testing.assert_allclose(posterior.codebook[2], [100.0, 100.0], rtol=1e-6)
    for step in range(3):
        features = _features(seed=steps + step)
        _observe(posterior, _params(posterior, features))
    assert np.abs(np.array(posterior.codebook[2])).max() < 5


@kinds
def test_codes_follow_features_that_move_on(kind):
    """Long before the running average forgets a full share, log(restart) / log(decay) = 350 batches."""
    posterior = kind(3, 2, 3)
    _observe(posterior, _params(posterior, 0.1 * _features()))
    for step in range(200):
        moved = 0.1 * _features(seed=step) + 10.0
        _observe(posterior, _params(posterior, moved))
    rows = _params(posterior, moved)["features"].numpy().reshape(-1, 2)
    away = [np.abs(rows - code).max(-1).min() for code in np.array(posterior.codebook)]
    assert sorted(away)[1] < 0.1  # one code was in use all the time, and may be where it was


def test_a_restart_of_zero_never_moves_a_code():
    posterior = VectorQuantizer(3, 2, 3, restart=0.0)
    before = np.array(posterior.codebook)
    _observe(posterior, _params(posterior, _features()))
    np.testing.assert_array_equal(posterior.codebook, before)


def _vae(kind, **options):
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=kind(8, 2, 4, **options),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=UniformCodes(8, 2, 4),
        objective=VectorQuantization(),
        seed=3,
    )


@kinds
def test_two_replicas_equal_one_device(kind, two_replicas, flat):
    """Without restarts, which take features from different replicas; the last batch is uneven."""
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = _vae(kind, restart=0.0)
            vae.compile(tfvae.optimizers.Adam(1e-2))
        vae.fit(tf.data.Dataset.from_tensor_slices(flat[:97]).batch(33).repeat().take(12), verbose=0)
        posterior = vae.posterior
        ends.append([np.array(weight) for weight in (*vae.trainable_weights, *posterior.weights)])
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=2e-5)


@kinds
def test_the_codebook_does_not_collapse(kind, flat):
    vae = _vae(kind)
    vae.compile(tfvae.optimizers.Adam(1e-2))
    history = vae.fit(flat[:512], epochs=20, verbose=0).history
    codes = vae.posterior(vae.encoder(flat[:512]))["codes"]
    assert perplexity(codes, 8) > 4
    assert history["distortion"][-1] < 0.9 * history["distortion"][1]
    assert np.isfinite(vae.elbo(flat[:5])).all()
