"""The autoregressive prior over codes: enumeration, draws, and what it learns from codes."""

import itertools

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import VectorQuantization
from tfvae.posteriors.vector_quantizer import VectorQuantizerEMA
from tfvae.priors import AutoregressiveCodes, CodesModel, UniformCodes


def _example(num_codes=3, num_positions=3, spread=1.0):
    """A prior far from the uniform one."""
    prior = AutoregressiveCodes(num_codes, 2, num_positions, units=5)
    for number, weight in enumerate(prior.trainable_weights):
        weight.assign(weight + spread * tf.random.stateless_normal(weight.shape, (number, 1)))
    return prior


def _all(num_codes=3, num_positions=3):
    return np.array(list(itertools.product(range(num_codes), repeat=num_positions)), "int32")


def test_the_probabilities_of_all_codes_sum_to_one():
    """They would not, if a code's probability depended on itself or on a later one."""
    prior = _example(3, 5)
    probabilities = np.exp(prior.log_prob(_all(3, 5)).numpy().astype("float64"))
    assert probabilities.max() > 5 * probabilities.mean()
    np.testing.assert_allclose(probabilities.sum(), 1.0, atol=1e-5)


def test_each_code_depends_on_those_before_it():
    """Among codes with the same start, the share of each continuation follows from the start."""
    prior = _example()
    joint = np.exp(prior.log_prob(_all())).reshape(3, 3, 3)
    second = joint.sum(2) / joint.sum((1, 2))[:, np.newaxis]
    third = joint / joint.sum(2, keepdims=True)
    assert np.ptp(second, axis=0).max() > 0.05
    assert np.ptp(third, axis=0).max() > 0.05


def test_draws_have_the_stated_probabilities():
    prior, count = _example(), 20000
    codes = prior.draw(tf.random.stateless_normal((count, 3), (1, 2))).numpy()
    assert (codes.dtype, codes.shape) == (np.int32, (count, 3))
    observed = np.bincount(codes @ [9, 3, 1], minlength=27)
    expected = count * np.exp(prior.log_prob(_all()).numpy().astype("float64"))
    assert scipy.stats.chisquare(observed, expected * count / expected.sum()).pvalue > 1e-3


def test_any_number_of_leading_axes_and_of_examples():
    prior = _example()
    codes = _all()[:24].reshape(2, 3, 4, 3)
    expected = prior.log_prob(codes.reshape(24, 3)).numpy().reshape(2, 3, 4)
    np.testing.assert_allclose(prior.log_prob(codes), expected, rtol=1e-6)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32)])
    def drawn(noise):
        codes = prior.draw(tf.ensure_shape(noise, (None, 3)))
        return codes, prior.log_prob(codes)

    for batch in (0, 1, 4):
        noise = tf.random.stateless_normal((batch, 3), (1, batch))
        codes, log_p = drawn(noise)
        np.testing.assert_array_equal(codes, prior.draw(noise))
        assert log_p.shape == (batch,)


def _chain(count, positions, stay=0.8):
    """Codes 0..2 that repeat with probability `stay`; and their entropy in nats."""
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=(count, positions))
    for position in range(1, positions):
        stays = rng.random(count) < stay
        moved = (codes[:, position - 1] + rng.integers(1, 3, size=count)) % 3
        codes[:, position] = np.where(stays, codes[:, position - 1], moved)
    rate = -stay * np.log(stay) - (1 - stay) * np.log((1 - stay) / 2)
    return codes, np.log(3) + (positions - 1) * rate


def test_fitted_to_a_markov_chain_it_reaches_its_entropy(tmp_path):
    codes, entropy = _chain(3000, 5)
    model = CodesModel(AutoregressiveCodes(3, 2, 5, units=16))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(codes[:50], y_pred=model(codes[:50]))
    gradients = tape.gradient(loss, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    history = model.fit(codes[:1500], epochs=12, batch_size=64, verbose=0).history["loss"]
    assert history[-1] < history[0]
    log_p = model.prior.log_prob(codes[1500:]).numpy()
    error = log_p.std() / np.sqrt(len(log_p))
    assert -log_p.mean() - entropy < 0.1 + 4 * error
    assert -log_p.mean() - entropy > -4 * error  # no model beats the truth
    model.save(tmp_path / "codes.keras")
    again = keras.saving.load_model(tmp_path / "codes.keras")
    assert type(again.prior) is AutoregressiveCodes
    np.testing.assert_array_equal(again.predict(codes[:50], verbose=0), model(codes[:50]))


def test_a_thousand_large_steps_in_half_precision_stay_finite():
    keras.config.set_dtype_policy("mixed_bfloat16")
    codes, _ = _chain(32, 3)
    model = CodesModel(AutoregressiveCodes(3, 2, 3, units=8))
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    model.fit(tf.data.Dataset.from_tensors(codes).repeat(1000), shuffle=False, verbose=0)
    log_p = model.prior.log_prob(codes)
    assert log_p.dtype == tf.float32
    assert np.isfinite(log_p).all()
    total = tf.reduce_sum(tf.exp(model.prior.log_prob(_all())))
    np.testing.assert_allclose(total, 1.0, atol=1e-5)


def test_weights_of_examples_count():
    codes, _ = _chain(6, 3)
    model = CodesModel(_example())
    weights = np.array([1, 0, 2, 0, 0, 3], "float32")
    expected = -np.mean(weights * model(codes))
    received = model.compute_loss(codes, y_pred=model(codes), sample_weight=weights)
    np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_two_replicas_equal_one_device(two_replicas):
    """The fourth batch has one example, and one replica none."""
    codes, ends = _chain(97, 4)[0], []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            model = CodesModel(AutoregressiveCodes(3, 2, 4, units=5))
            model.compile(optimizer=keras.optimizers.SGD(1e-2), jit_compile=False)
        model.fit(
            tf.data.Dataset.from_tensor_slices(codes).batch(32).repeat().take(10), shuffle=False, verbose=0
        )
        ends.append([np.array(weight) for weight in model.trainable_weights])
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)


def test_bad_arguments_are_rejected():
    for arguments, message in (
        ((1, 2), "num_codes: expected an integer of at least 2, received 1"),
        ((3, 0), "code_dim: expected an integer of at least 1, received 0"),
        ((3, 2, 0), "num_positions: expected an integer of at least 1, received 0"),
        ((3, 2, 3, 0), "units: expected an integer of at least 1, received 0"),
    ):
        with pytest.raises(InvalidInput, match=message):
            AutoregressiveCodes(*arguments)
    with pytest.raises(InvalidInput, match=r"prior: expected attach\(posterior\) first"):
        _example().distribution().log_prob(tf.zeros((5, 6)))
    message = r"prior: expected .* = \(4, 3, 2\) of VectorQuantizerEMA, received \(4, 2, 3\)"
    with pytest.raises(InvalidInput, match=message):
        _vae(AutoregressiveCodes(4, 2, 3), VectorQuantizerEMA(4, 3, 2))


def test_the_configuration_makes_it_again():
    prior = _example()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is AutoregressiveCodes
    again.set_weights(prior.get_weights())
    np.testing.assert_array_equal(again.log_prob(_all()), prior.log_prob(_all()))


def _vae(prior, posterior=None):
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=posterior or VectorQuantizerEMA(prior.num_codes, prior.code_dim, prior.num_positions),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=prior,
        objective=VectorQuantization(),
    )


def test_over_vectors_it_is_the_distribution_of_their_codes():
    prior = _example()
    vae = _vae(prior)
    codebook = np.array([[0.0, 1.0], [2.0, 0.0], [-1.0, -1.0]], "float32")
    vae.posterior.codebook.assign(codebook)
    codes, p = _all(), prior.distribution()
    z = codebook[codes].reshape(27, 6)
    np.testing.assert_array_equal(prior.vectors(codes), z)
    np.testing.assert_array_equal(prior.nearest(z[np.newaxis] + 0.1)[0], codes)
    np.testing.assert_allclose(p.log_prob(z), prior.log_prob(codes), rtol=1e-6)
    assert vae.prior_noise_dim == 3
    noise = tf.random.stateless_normal((10, 3), (1, 2))
    np.testing.assert_array_equal(vae.prior_draw(noise), prior.vectors(prior.draw(noise)))
    drawn = p.sample((4, 5), seed=(3, 4))
    assert drawn.shape == (4, 5, 6)
    assert np.isin(drawn.numpy().reshape(-1, 2), codebook).all()


@pytest.mark.slow
def test_a_model_with_it_trains_saves_and_exports(flat, tmp_path):
    """The objective trains all but the prior, which is fitted to the codes afterwards."""
    vae, x = _vae(AutoregressiveCodes(6, 2, 3, units=8)), flat[:256]
    vae.compile()
    history = vae.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    prior = {weight.path for weight in vae.prior.trainable_weights}
    gradients = tape.gradient(loss, vae.trainable_weights)
    for weight, gradient in zip(vae.trainable_weights, gradients, strict=True):
        if weight.path in prior:
            assert gradient is None, weight.path
            continue
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    trace = vae.trace(x[:5])
    codes = vae.posterior_summary(vae.checked(x[:5]))["codes"]
    np.testing.assert_allclose(trace.rate, -vae.prior.log_prob(codes), rtol=1e-5)
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x[:5]), vae.elbo(x[:5]))
    assert len(again.prior.weights) == 7  # the codebook is the posterior's alone
    export = tfvae.export.saved_model(vae, tmp_path / "servable")
    assert export.largest_difference["sample"] < 1e-3


def test_fitted_afterwards_it_takes_the_first_priors_place(flat):
    first, x = _vae(UniformCodes(6, 2, 3)), flat[:256]
    first.compile()
    first.fit(x, epochs=2, verbose=0)
    codes = first.posterior_summary(first.checked(x))["codes"]
    prior = AutoregressiveCodes(6, 2, 3, units=8)
    second = tfvae.VAE(
        first.encoder, first.decoder, first.posterior, first.likelihood, prior, VectorQuantization()
    )
    before = second.elbo(x).mean()
    model = CodesModel(prior)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    loss = model.fit(codes, epochs=10, verbose=0).history["loss"]
    after = second.elbo(x).mean()
    assert after > before
    np.testing.assert_allclose(after - before, loss[0] - loss[-1], atol=0.5 * loss[0])
    np.testing.assert_array_equal(second.reconstruct(x[:5]), first.reconstruct(x[:5]))
