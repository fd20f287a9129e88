"""The mixture of posteriors against its definition, and how its pseudo-inputs become examples."""

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.posteriors import Encoded, Normal
from tfvae.priors.vamp import VampPrior


def _vae(prior, posterior=None, size=64):
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=posterior or Normal(2),
        likelihood=tfvae.likelihoods.Bernoulli((size,)),
        prior=prior,
    )


def _prior_of(vae):
    return vae.prior.distribution(encode=vae._encode)


def test_with_one_component_it_is_the_posterior_there(flat):
    vae = _vae(VampPrior(2, 1))
    vae.prior.initialize(flat[:1])
    z = tf.random.stateless_normal((3, 5, 2), (1, 2))
    np.testing.assert_allclose(_prior_of(vae).log_prob(z), vae.encode(flat[:1]).log_prob(z), rtol=1e-5)


def test_log_density_is_the_mean_of_the_posteriors(flat):
    vae = _vae(VampPrior(2, 6))
    vae.prior.initialize(flat)
    q = vae.encode(np.array(vae.prior.pseudo_inputs)).distribution
    z = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    each = scipy.stats.norm(q.loc, q.scale).logpdf(z[:, :, np.newaxis]).sum(-1)
    expected = scipy.special.logsumexp(each, axis=-1) - np.log(6)
    assert _prior_of(vae).batch_shape == ()
    np.testing.assert_allclose(_prior_of(vae).log_prob(z), expected, rtol=1e-5, atol=1e-5)


def test_the_encoder_is_asked_once():
    calls = []

    def encode(x):
        calls.append(x.shape)
        return Encoded(Normal(2), {"loc": x[:, :2], "scale": tf.ones_like(x[:, :2])})

    prior = VampPrior(2, 3)
    prior.prepare((4,))
    prior.distribution(encode=encode).log_prob(tf.zeros((7, 5, 2)))
    assert calls == [(3, 4)]


def test_draws_have_the_mixtures_moments(flat):
    vae, count = _vae(VampPrior(2, 3)), 40000
    vae.prior.initialize(flat)
    assert vae.prior_noise_dim == 3
    z = vae.prior_draw(tf.random.stateless_normal((count, 3), (3, 4))).numpy().astype("float64")
    q = vae.encode(np.array(vae.prior.pseudo_inputs)).distribution
    mean = np.mean(q.loc, 0)
    variance = np.mean(q.loc**2 + q.scale**2, 0) - mean**2
    assert np.abs((z.mean(0) - mean) / np.sqrt(variance / count)).max() < 4
    squares = (z - mean) ** 2
    assert np.abs((squares.mean(0) - variance) / (squares.std(0) / np.sqrt(count))).max() < 4


def _still():
    """Return an optimizer that takes no step, so that what `observe` wrote can be read."""
    return keras.optimizers.SGD(learning_rate=0.0)


def _filled(strategy, x, batch_size, components, steps):
    with strategy.scope():
        keras.utils.set_random_seed(3)
        vae = _vae(VampPrior(2, components, low=0.0, high=1.0))
        vae.compile(optimizer=_still(), steps_per_execution=1)
    vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(batch_size).take(steps), verbose=0)
    return np.array(vae.prior.pseudo_inputs), int(np.array(vae.prior.filled)), vae


def test_pseudo_inputs_become_the_examples_of_the_first_batches(flat):
    one = tf.distribute.get_strategy()
    values, filled, vae = _filled(one, flat, 8, components=12, steps=1)
    assert filled == 8
    np.testing.assert_array_equal(values[:8], flat[:8])
    assert not np.isin(values[8:].max(axis=1), flat).any()
    values, filled, vae = _filled(one, flat, 8, components=12, steps=4)
    assert filled == 12
    np.testing.assert_array_equal(values, flat[:12])
    vae.evaluate(flat[:50], verbose=0)
    np.testing.assert_array_equal(vae.prior.pseudo_inputs, flat[:12])


@pytest.mark.parametrize(("rows", "batch_size", "components"), [(65, 64, 65), (40, 32, 5)])
def test_two_replicas_take_the_examples_one_device_takes(two_replicas, flat, rows, batch_size, components):
    """With 65 rows the second batch has one example, and one replica none."""
    one = _filled(tf.distribute.get_strategy(), flat[:rows], batch_size, components, 4)
    two = _filled(two_replicas, flat[:rows], batch_size, components, 4)
    np.testing.assert_array_equal(one[0], flat[:components])
    np.testing.assert_array_equal(two[0], one[0])
    assert two[1] == one[1] == components
    for copy in two[2].prior.pseudo_inputs.value.values:
        np.testing.assert_array_equal(copy, one[0])


def test_twenty_steps_on_two_replicas_equal_one_devices(two_replicas, silent, flat):
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = _vae(VampPrior(2, 50, low=0.0, high=1.0), silent(2))
            vae.compile(optimizer=keras.optimizers.SGD(1e-2), steps_per_execution=1)
        vae.fit(tf.data.Dataset.from_tensor_slices(flat[:97]).batch(33).repeat().take(20), verbose=0)
        ends.append([np.array(weight) for weight in vae.trainable_weights])
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)


def test_pseudo_inputs_learn_and_stay_in_their_bounds(flat):
    vae = _vae(VampPrior(2, 10, low=0.0, high=1.0))
    vae.prior.initialize(flat)
    before = np.array(vae.prior.pseudo_inputs)
    vae.compile(optimizer=tfvae.optimizers.Adam(1e-2))
    vae.fit(flat[:128], epochs=10, verbose=0)
    after = np.array(vae.prior.pseudo_inputs)
    assert after.min() == 0.0
    assert after.max() <= 1.0
    at_bound = before == 0.0
    assert (after[at_bound] > 0.01).any()  # a value at a bound is not stuck there
    assert (np.abs(after - before) > 0.01).any(axis=1).all()


def test_missing_entries_are_not_taken():
    prior = VampPrior(2, 2)
    prior.prepare((3,))
    before = np.array(prior.pseudo_inputs)
    x = np.array([[1.0, np.nan, 3.0], [np.inf, 5.0, 6.0]], "float32")
    prior.observe(tfvae.Trace(tf.constant(x), None, None, None, None, None, None))
    expected = np.where(np.isfinite(x), x, before)
    np.testing.assert_array_equal(prior.pseudo_inputs, expected)


class Hidden(Normal):
    """A posterior whose density at a given z cannot be computed."""

    explicit_density = False


def test_bad_arguments_and_unfitting_parts_are_rejected(flat):
    for arguments in ((0, 3), (2, 0)):
        with pytest.raises(InvalidInput, match="expected an integer of at least 1, received 0"):
            VampPrior(*arguments)
    with pytest.raises(InvalidInput, match="high: expected a number above low = 1.0, received 0.5"):
        VampPrior(2, 3, low=1.0, high=0.5)
    with pytest.raises(InvalidInput, match="encode: expected the map from data to q"):
        _vae(VampPrior(2, 3)).prior.distribution()
    with pytest.raises(InvalidInput, match=r"prior: expected prepare\(event_shape\) first"):
        VampPrior(2, 3).initialize(flat)
    for x in (flat[:2], flat[:, :5], np.full((3, 64), np.nan)):
        with pytest.raises(InvalidInput, match=r"x: expected at least 3 finite examples of shape \(n, 64\)"):
            _vae(VampPrior(2, 3)).prior.initialize(x)
    with pytest.raises(InvalidInput, match="posterior: expected one whose density.*, received Hidden"):
        _vae(VampPrior(2, 3), Hidden(2))


def test_the_configuration_makes_it_again():
    prior = VampPrior(2, 3, low=-1.0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert (type(again), again.num_components, again.low, again.high) == (VampPrior, 3, -1.0, None)


@pytest.mark.slow
def test_it_trains_saves_and_exports(flat, tmp_path):
    vae, x = _vae(VampPrior(2, 20, low=0.0, high=1.0)), flat[:256]
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
    np.testing.assert_array_equal(again.elbo(x[:5]), vae.elbo(x[:5]))
    pseudo_inputs = np.array(again.prior.pseudo_inputs)
    again.compile(optimizer=_still())
    again.fit(flat[256:512], verbose=0)  # a loaded one is not filled a second time
    np.testing.assert_array_equal(again.prior.pseudo_inputs, pseudo_inputs)
    export = tfvae.export.saved_model(vae, tmp_path / "servable")
    assert export.largest_difference["score"] < 1e-3


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_thousand_large_steps_stay_finite(flat, policy):
    keras.config.set_dtype_policy(policy)
    vae = _vae(VampPrior(2, 5, low=0.0, high=1.0))
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    vae.fit(tf.data.Dataset.from_tensors(flat[:64]).repeat(1000), verbose=0)
    assert np.isfinite(vae.elbo(flat[:64])).all()
    assert vae.prior.pseudo_inputs.dtype == "float32"
