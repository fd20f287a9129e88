"""The Renyi bound against the Renyi divergence of two Gaussians, and its limits."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.objectives.importance_weighted import ImportanceWeighted
from tfvae.objectives.renyi import Renyi, RenyiMax


def _trace(log_w):
    """A trace with given log weights."""
    trace = Trace(None, None, None, None, None, None, None)
    trace.__dict__["log_weights"] = tf.constant(log_w, tf.float32)
    return trace


@pytest.fixture
def log_w():
    return np.random.default_rng(0).normal(-100, 3, size=(7, 50))


def _by_hand(log_w, alpha):
    scaled = (1 - alpha) * log_w
    top = scaled.max(axis=0)
    return (top + np.log(np.exp(scaled - top).mean(axis=0))) / (1 - alpha)


@pytest.mark.parametrize("alpha", [-50.0, -2.0, -0.5, 0.0, 0.3, 0.9, 0.99, 0.9999, 1.0001, 1.5, 4.0, 60.0])
def test_it_is_the_formula_in_double_precision(log_w, alpha):
    bound = Renyi(alpha, 7).bound(_trace(log_w))
    np.testing.assert_allclose(bound, _by_hand(np.float64(np.float32(log_w)), alpha), rtol=1e-6)


def test_alpha_one_is_the_mean_of_log_w_and_is_reached_smoothly(log_w):
    limit = Renyi(1, 7).bound(_trace(log_w))
    np.testing.assert_allclose(limit, log_w.mean(axis=0), rtol=1e-6)
    for distance in (1e-7, -1e-7, 1e-10, 1e-15):
        np.testing.assert_allclose(Renyi(1 - distance, 7).bound(_trace(log_w)), limit, rtol=1e-6)


def test_the_gradient_is_the_weights_of_order_one_minus_alpha(log_w):
    for alpha in (-30.0, 0.0, 0.5, 0.97, 1 - 1e-9, 1.0, 2.0, 30.0):
        values = tf.constant(log_w, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(values)
            trace = _trace(log_w)
            trace.__dict__["log_weights"] = values
            bound = tf.reduce_sum(Renyi(alpha, 7).bound(trace))
        np.testing.assert_allclose(
            tape.gradient(bound, values), tf.nn.softmax((1 - alpha) * values, axis=0), rtol=1e-3, atol=1e-5
        )


def test_alpha_zero_is_the_importance_weighted_bound(log_w):
    trace = _trace(log_w)
    np.testing.assert_allclose(Renyi(0.0, 7).bound(trace), ImportanceWeighted(7).bound(trace), rtol=1e-6)


def test_the_bound_falls_with_alpha_from_the_largest_weight(log_w):
    trace = _trace(log_w)
    bounds = [RenyiMax(7).bound(trace)]
    bounds += [Renyi(alpha, 7).bound(trace) for alpha in (-10.0, -1.0, 0.0, 0.5, 1.0, 2.0, 10.0)]
    for higher, lower in itertools.pairwise(bounds):
        assert (np.array(higher) > np.array(lower)).all()
    np.testing.assert_allclose(bounds[0], log_w.max(axis=0), rtol=1e-6)
    np.testing.assert_allclose(Renyi(-1e6, 7).bound(trace), bounds[0], rtol=1e-5)


@pytest.mark.parametrize("alpha", [-0.5, 0.5, 0.8])
def test_its_expectation_is_log_p_less_the_renyi_divergence(alpha):
    """The mean of w^(1 - alpha) estimates exp((1 - alpha) (log p(x) - D_alpha(q || p(z|x))))."""
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(1),
        tfvae.likelihoods.Normal((3,), 1.0),
    )
    x = np.tile(np.float32([[0.5, -0.3, 0.8]]), (40000, 1))
    dense = vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64")[0], np.array(dense.bias, "float64")
    variance = 1 / (1 + weights @ weights)
    mean = variance * weights @ (x[0] - bias)
    covariance = np.outer(weights, weights) + np.eye(3)
    difference = x[0] - bias
    log_p = -0.5 * (
        3 * np.log(2 * np.pi)
        + np.linalg.slogdet(covariance)[1]
        + difference @ np.linalg.solve(covariance, difference)
    )
    q = vae.encode(x[:1])
    m, s2 = float(q.mean()[0, 0]), float(q.variance()[0, 0])
    between = alpha * variance + (1 - alpha) * s2
    divergence = (
        0.5 * np.log(variance / s2)
        + 0.5 * np.log(variance / between) / (alpha - 1)
        + 0.5 * alpha * (m - mean) ** 2 / between
    )
    assert divergence * np.sign(alpha) > 0.01
    bound = Renyi(alpha, 4).loss(vae.trace(x, num_samples=4), vae)["bound"].numpy().astype("float64")
    ratio = np.exp((1 - alpha) * (bound - (log_p - divergence)))
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(len(ratio))


@pytest.mark.parametrize("alpha", [float("nan"), float("-inf"), 2e6, True, "0.5", None])
def test_an_impossible_order_is_refused(alpha):
    with pytest.raises(InvalidInput, match="^alpha: expected a number from"):
        Renyi(alpha, 2)
