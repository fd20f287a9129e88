"""The thermodynamic objective against quadrature over a latent variable of one dimension."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.importance_weighted import ImportanceWeighted
from tfvae.objectives.thermodynamic import Thermodynamic, ThermodynamicCovariance

X = np.float32([0.5, -0.3, 0.8])
KERNEL = np.float32([[0.9, 0.4, -0.7]])
PARAMS = {"loc": 0.1, "scale": 0.8}
GRID = {"partitions": 3, "smallest": 0.2}


def _exact(loc, scale, slope=1.0):
    """The left Riemann sum in double precision, the expectations by quadrature over z."""
    z = np.linspace(-10, 10, 8001)
    log_x = stats.norm.logpdf(X, slope * z[:, np.newaxis] * KERNEL, 0.9).sum(axis=1)
    log_q = stats.norm.logpdf(z, loc, scale)
    log_w = log_x + stats.norm.logpdf(z) - log_q
    betas = Thermodynamic(2, **GRID).betas
    total = 0.0
    for left, right in itertools.pairwise(betas):
        density = np.exp(log_q + left * log_w)
        total += (right - left) * (density @ log_w) / density.sum()
    return total


def _slope(function, at, step=1e-4):
    return (function(at + step) - function(at - step)) / (2 * step)


def _loss_and_gradients(objective, copies):
    """Loss and gradients of each copy with respect to loc and scale; the model's is for the mean loss."""
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(1),
        tfvae.likelihoods.Normal((3,), 0.9),
    )
    vae.likelihood.head.dense.kernel.assign(KERNEL)
    params = {name: tf.fill((copies, 1), value) for name, value in PARAMS.items()}
    slopes = tf.ones((copies, 1))  # z multiplies the kernel: its slope stands for the model's weights
    decode = vae._decode
    vae._decode = lambda z, given=None: decode(z * slopes)
    with tf.GradientTape() as tape:
        tape.watch((params, slopes))
        noise = vae.posterior.noise((objective.num_samples, copies), (3, 4))
        z, log_q = vae.posterior.transform(params, noise)
        record = {"posterior": params, "z": z, "log_q": log_q, "likelihood": vae._decode(z)}
        trace = vae.assemble({"x": tf.tile(X[np.newaxis], (copies, 1))}, record)
        loss = objective.loss(trace, vae)["loss"]
    return loss.numpy(), {"slope": slopes, **params}, tape.gradient(loss, {"slope": slopes, **params})


@pytest.mark.parametrize("make", [Thermodynamic, ThermodynamicCovariance])
def test_value_and_gradient_are_those_of_quadrature(make):
    loss, _, gradients = _loss_and_gradients(make(4000, **GRID), copies=60)
    error = loss.std() / np.sqrt(len(loss))
    assert abs(-loss.mean() - _exact(**PARAMS)) < 4 * error
    expected = {
        "loc": _slope(lambda loc: _exact(loc, PARAMS["scale"]), PARAMS["loc"]),
        "scale": _slope(lambda scale: _exact(PARAMS["loc"], scale), PARAMS["scale"]),
        "slope": _slope(lambda slope: _exact(**PARAMS, slope=slope), 1.0),
    }
    for name, exact in expected.items():
        gradient = -gradients[name].numpy()[:, 0].astype("float64")
        error = gradient.std() / np.sqrt(len(gradient))
        assert abs(exact) > 10 * error, name
        assert abs(gradient.mean() - exact) < 4 * error, name


def test_one_partition_is_the_elbo_and_many_are_the_importance_weighted_bound(small_vae, flat):
    trace = small_vae().trace(flat[:20], num_samples=6)
    lower, upper = np.mean(trace.log_weights, axis=0), ImportanceWeighted(6).bound(trace).numpy()
    np.testing.assert_allclose(Thermodynamic(6, partitions=1).bound(trace), lower, rtol=1e-6)
    bounds = [lower]
    for partitions, smallest in ((2, 0.3), (4, 0.027), (1000, 1e-4)):
        bounds.append(Thermodynamic(6, partitions, smallest).bound(trace).numpy())
        assert (lower < bounds[-1]).all()
        assert (bounds[-1] < upper).all()
    gaps = [np.mean(upper - bound) for bound in bounds]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01 * gaps[0]


def test_both_gradients_belong_to_one_value(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:9], num_samples=5)
    pathwise, covariance = (
        make(5, **GRID).loss(trace, vae)["bound"] for make in (Thermodynamic, ThermodynamicCovariance)
    )
    np.testing.assert_allclose(covariance, pathwise, rtol=1e-5)


def test_the_draws_carry_no_gradient(small_vae, flat):
    vae = small_vae()
    noise = vae.posterior.noise((5, 8), (1, 2))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        trace = vae.trace_with_noise({"x": tf.constant(flat[:8])}, noise)
        loss = ThermodynamicCovariance(5, **GRID).loss(trace, vae)["loss"]
    assert tape.gradient(loss, noise) is None


def test_the_grid_is_even_in_log_beta():
    betas = Thermodynamic(2, partitions=4, smallest=0.008).betas
    np.testing.assert_allclose(betas, [0.0, 0.008, 0.04, 0.2, 1.0], rtol=1e-12)
    assert Thermodynamic(2, partitions=1).betas == [0.0, 1.0]


@pytest.mark.parametrize("smallest", [0.0, 1.0, -0.1, float("nan"), True, "0.1"])
def test_an_impossible_first_beta_is_refused(smallest):
    with pytest.raises(InvalidInput, match="^smallest: expected a number between 0 and 1"):
        Thermodynamic(2, smallest=smallest)


def test_one_draw_has_no_covariance():
    with pytest.raises(InvalidInput, match="^num_samples: expected an integer of at least 2"):
        ThermodynamicCovariance(1)
