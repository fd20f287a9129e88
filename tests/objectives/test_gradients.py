"""The gradient estimators against the estimators they replace, and where they must be zero."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.gradients import DoublyReparameterized, StickingTheLanding
from tfvae.objectives.importance_weighted import ImportanceWeighted
from tfvae.objectives.thermodynamic import Thermodynamic

X = np.float32([0.5, -0.3, 0.8, 0.1])
COPIES = 20000


@pytest.fixture
def gaussian():
    """A linear Gaussian model whose exact posterior has independent dimensions."""
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(2),
        tfvae.likelihoods.Normal((4,), 0.7),
    )
    vae.likelihood.head.dense.kernel.assign([[0.9, 0.9, 0.0, 0.0], [0.0, 0.0, 0.6, -0.6]])
    return vae


def _exact_posterior(vae):
    weights = np.array(vae.likelihood.head.dense.kernel)
    variance = 1 / (1 + (weights**2).sum(axis=1) / 0.49)
    return {"loc": variance * (weights @ X) / 0.49, "scale": np.sqrt(variance)}


def _losses_and_gradients(vae, objective, params, copies=COPIES, seed=5):
    """Loss of each copy of the example, and its gradient with respect to that copy's parameters of q."""
    params = {name: tf.tile(tf.constant(value[np.newaxis]), (copies, 1)) for name, value in params.items()}
    noise = vae.posterior.noise((objective.num_samples, copies), (seed, 1))
    with tf.GradientTape() as tape:
        tape.watch(params)
        z, log_q = vae.posterior.transform(params, noise)
        record = {"posterior": params, "z": z, "log_q": log_q, "likelihood": vae._decode(z)}
        trace = vae.assemble({"x": tf.tile(X[np.newaxis], (copies, 1))}, record)
        loss = objective.loss(trace, vae)["loss"]
    gradients = tape.gradient(loss, params)
    return loss.numpy(), np.concatenate([gradients["loc"], gradients["scale"]], axis=1)


def _model_gradients(vae, objective, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(objective.loss(vae.trace(x, objective.num_samples, seed=3), vae)["loss"])
    return tape.gradient(loss, vae.decoder.trainable_weights + vae.likelihood.trainable_weights)


WRONG = {"loc": np.float32([0.3, 0.2]), "scale": np.float32([0.6, 0.8])}


def _assert_same_mean(one, other):
    difference = (one - other).astype("float64")
    error = difference.std(axis=0) / np.sqrt(len(difference))
    assert (error > 0).all()
    assert (np.abs(difference.mean(axis=0)) < 4 * error).all()


def test_at_the_exact_posterior_sticking_the_landing_has_no_gradient(gaussian):
    exact = _exact_posterior(gaussian)
    _, ours = _losses_and_gradients(gaussian, StickingTheLanding(3), exact, copies=1000)
    _, plain = _losses_and_gradients(gaussian, Thermodynamic(3, partitions=1), exact, copies=1000)
    assert np.abs(ours).max() < 1e-5
    assert np.abs(plain).max() > 1.0


def test_at_the_exact_posterior_the_doubly_reparameterized_gradient_is_zero(gaussian):
    exact = _exact_posterior(gaussian)
    _, ours = _losses_and_gradients(gaussian, DoublyReparameterized(3), exact, copies=1000)
    _, plain = _losses_and_gradients(gaussian, ImportanceWeighted(3), exact, copies=1000)
    assert np.abs(ours).max() < 1e-5
    assert np.abs(plain).max() > 1.0


@pytest.mark.parametrize("draws", [1, 4])
def test_sticking_the_landing_is_unbiased(gaussian, draws):
    loss, ours = _losses_and_gradients(gaussian, StickingTheLanding(draws), WRONG)
    plain_loss, plain = _losses_and_gradients(gaussian, Thermodynamic(draws, partitions=1), WRONG)
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-5)
    _assert_same_mean(ours, plain)


def test_sticking_the_landing_has_the_gradient_of_the_divergence(gaussian):
    """KL(q || p(z|x)) of independent Gaussians, differentiated by hand."""
    exact = _exact_posterior(gaussian)
    variance = exact["scale"] ** 2
    expected = np.concatenate(
        [(WRONG["loc"] - exact["loc"]) / variance, WRONG["scale"] / variance - 1 / WRONG["scale"]]
    )
    _, ours = _losses_and_gradients(gaussian, StickingTheLanding(2), WRONG)
    error = ours.std(axis=0) / np.sqrt(COPIES)
    assert (np.abs(ours.mean(axis=0) - expected) < 4 * error).all()


@pytest.mark.parametrize("draws", [1, 2, 8])
def test_the_doubly_reparameterized_gradient_has_the_bounds_mean(gaussian, draws):
    loss, ours = _losses_and_gradients(gaussian, DoublyReparameterized(draws), WRONG)
    plain_loss, plain = _losses_and_gradients(gaussian, ImportanceWeighted(draws), WRONG)
    np.testing.assert_array_equal(loss, plain_loss)
    _assert_same_mean(ours, plain)


def test_its_variance_is_lower_and_its_signal_grows_with_the_draws(gaussian):
    signals = {}
    for draws in (4, 64):
        _, ours = _losses_and_gradients(gaussian, DoublyReparameterized(draws), WRONG, copies=4000)
        _, plain = _losses_and_gradients(gaussian, ImportanceWeighted(draws), WRONG, copies=4000)
        assert (ours.var(axis=0) < 0.5 * plain.var(axis=0)).all()
        signals[draws] = np.abs(ours.mean(axis=0)) / ours.std(axis=0)
    assert (signals[64] > signals[4]).all()


@pytest.mark.parametrize(
    ("ours", "plain"),
    [
        (StickingTheLanding(4), Thermodynamic(4, partitions=1)),
        (DoublyReparameterized(4), ImportanceWeighted(4)),
    ],
)
def test_the_models_gradient_is_the_ordinary_one(small_vae, flat, ours, plain):
    vae = small_vae()
    pairs = zip(_model_gradients(vae, ours, flat[:8]), _model_gradients(vae, plain, flat[:8]), strict=True)
    for received, expected in pairs:
        np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-4)


class Carried(tfvae.posteriors.Normal):
    """A posterior without a density of its own at any z."""

    explicit_density = False


@pytest.mark.parametrize("objective", [StickingTheLanding(), DoublyReparameterized(2)])
def test_a_posterior_without_explicit_density_is_refused(small_vae, objective):
    with pytest.raises(InvalidInput, match="objective: .*Carried, .*density at any z"):
        small_vae(Carried(2), objective)


@pytest.mark.parametrize("fusion", [tfvae.posteriors.MixtureOfExperts, tfvae.posteriors.MixtureOfProducts])
def test_doubly_reparameterized_draws_have_to_be_independent(fusion):
    """Each draw of a mixture comes from a component of its own, so that its score has a mean.

    By quadrature over a mixture of two normals the gradient was off by up to 0.006 of 0.99.
    """
    model = types.SimpleNamespace(posterior=fusion(2), likelihood=tfvae.likelihoods.Normal((3,)))
    expected = f"objective: expected one that goes with the posterior {fusion.__name__}, .*independent"
    with pytest.raises(InvalidInput, match=expected):
        DoublyReparameterized(4).check(model)
    ImportanceWeighted(4).check(model)
