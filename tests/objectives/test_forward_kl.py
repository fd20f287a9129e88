"""Wake-phase training against the divergence of two Gaussians, differentiated by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.forward_kl import ForwardKL
from tfvae.objectives.importance_weighted import ImportanceWeighted

X = np.float32([0.5, -0.3, 0.8, 0.1])
KERNEL = np.float32([[0.9, 0.9, 0.0, 0.0], [0.0, 0.0, 0.6, -0.6]])
LOC, SCALE = np.float32([0.3, 0.2]), np.float32([0.7, 0.8])


@pytest.fixture(scope="module")
def pass_through_gaussian():
    """Terms of 200 copies of one example and their gradients with respect to q's parameters; the exact q."""
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(2),
        tfvae.likelihoods.Normal((4,), 0.7),
    )
    vae.likelihood.head.dense.kernel.assign(KERNEL)
    objective = ForwardKL(2000)
    params = {"loc": tf.tile(LOC[np.newaxis], (200, 1)), "scale": tf.tile(SCALE[np.newaxis], (200, 1))}
    with tf.GradientTape() as tape:
        tape.watch(params)
        z, log_q = vae.posterior.transform(params, vae.posterior.noise((2000, 200), (1, 2)))
        record = {"posterior": params, "z": z, "log_q": log_q, "likelihood": vae._decode(z)}
        terms = objective.loss(vae.assemble({"x": tf.tile(X[np.newaxis], (200, 1))}, record), vae)
    gradients = tape.gradient(terms["loss"], params)
    variance = 1 / (1 + (KERNEL**2).sum(axis=1) / 0.49)
    return terms, gradients, variance * (KERNEL @ X) / 0.49, variance


def test_the_encoders_gradient_is_that_of_the_forward_divergence(pass_through_gaussian):
    _, gradients, mean, variance = pass_through_gaussian
    expected = {
        "loc": (LOC - mean) / SCALE**2,
        "scale": 1 / SCALE - (variance + (mean - LOC) ** 2) / SCALE**3,
    }
    for name, gradient in gradients.items():
        error = np.std(gradient, axis=0) / np.sqrt(len(gradient))
        assert (np.abs(expected[name]) > 20 * error).all()
        assert (np.abs(np.mean(gradient, axis=0) - expected[name]) < 4 * error).all()


def test_the_term_is_the_forward_divergence(pass_through_gaussian):
    terms, _, mean, variance = pass_through_gaussian
    exact = 0.5 * np.sum(
        (variance + (mean - LOC) ** 2) / SCALE**2 - 1 - np.log(variance / SCALE**2), dtype="float64"
    )
    estimate = terms["forward_kl"].numpy()
    assert abs(estimate.mean() - exact) < 4 * estimate.std() / np.sqrt(len(estimate))


def test_the_model_learns_as_from_the_importance_weighted_bound(small_vae, flat):
    vae = small_vae()
    weights = vae.decoder.trainable_weights + vae.likelihood.trainable_weights
    gradients, values = [], []
    for objective in (ForwardKL(5), ImportanceWeighted(5)):
        with tf.GradientTape() as tape:
            loss = objective.loss(vae.trace(flat[:8], 5, seed=3), vae)["loss"]
        gradients.append(tape.gradient(loss, weights))
        values.append(loss)
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5)
    for received, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-4)


def test_the_term_lies_between_zero_and_log_k(small_vae, flat):
    """As the divergence of the normalized weights from equal ones."""
    vae = small_vae()
    terms = ForwardKL(5).loss(vae.trace(flat[:50], 5), vae)
    assert (terms["forward_kl"].numpy() > 0).all()
    assert (terms["forward_kl"].numpy() <= np.log(5) + 1e-4).all()


def test_the_draws_carry_no_gradient(small_vae, flat):
    vae = small_vae()
    noise = vae.posterior.noise((5, 8), (1, 2))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        trace = vae.trace_with_noise({"x": tf.constant(flat[:8])}, noise)
        loss = ForwardKL(5).loss(trace, vae)["loss"]
    assert tape.gradient(loss, noise) is None


def test_one_draw_is_refused():
    with pytest.raises(InvalidInput, match="^num_samples: expected an integer of at least 2, received 1"):
        ForwardKL(1)
