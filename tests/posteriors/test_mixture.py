"""The mixture posterior: its density, its draws, and gradients of expectations for all parameters."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.core.trace import Trace
from tfvae.posteriors.mixture import Mixture
from tfvae.priors import StandardNormal

PARAMS = {
    "logits": np.array([0.5, -0.3, 0.1], "float32"),
    "loc": np.array([[0.0, 1.0], [1.5, -0.5], [-2.0, 0.3]], "float32"),
    "scale": np.array([[0.5, 1.0], [0.8, 0.4], [1.2, 0.7]], "float32"),
}


def _tiled(count, params=None):
    """The parameters repeated for `count` examples, so that each has its own gradient."""
    return {
        name: tf.repeat(tf.constant(value)[tf.newaxis], count, 0)
        for name, value in (params or PARAMS).items()
    }


def _gradients(loss, params, samples=1, seed=(1, 2)):
    """Each example's estimated gradient of the expected loss, by parameter."""
    posterior = Mixture(params["loc"].shape[-1], params["loc"].shape[-2])
    count = len(params["loc"])
    with tf.GradientTape() as tape:
        tape.watch(params)
        z, log_q = posterior.transform(params, posterior.noise((samples, count), seed))
        trace = Trace(None, None, None, None, None, z, log_q, {"posterior": params})
        value = loss(z, log_q)
        total = posterior.estimate(value, trace)
    np.testing.assert_array_equal(total, value)
    return tape.gradient(total, params)


def _within_error(estimates, expected):
    for name, exact in expected.items():
        draws = estimates[name].numpy().astype("float64")
        error = draws.std(0) / np.sqrt(len(draws))
        assert np.abs((draws.mean(0) - exact) / error).max() < 4, name


def test_log_density_is_that_of_the_mixture():
    posterior, params = Mixture(2, 3), _tiled(2)
    z, log_q = posterior.transform(params, posterior.noise((50, 2), (1, 2)))
    weights = np.exp(PARAMS["logits"]) / np.exp(PARAMS["logits"]).sum()
    densities = [
        w * stats.norm(m, s).pdf(z).prod(-1)
        for w, m, s in zip(weights, PARAMS["loc"], PARAMS["scale"], strict=True)
    ]
    np.testing.assert_allclose(log_q, np.log(sum(densities)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(posterior.distribution(params).log_prob(z), log_q, rtol=1e-4, atol=1e-5)


def test_draws_are_distributed_as_the_mixture():
    posterior, params = Mixture(2, 3), _tiled(1)
    z = posterior.transform(params, posterior.noise((20000, 1), (3, 4)))[0][:, 0].numpy()
    weights = np.exp(PARAMS["logits"]) / np.exp(PARAMS["logits"]).sum()
    for axis in range(2):

        def cdf(x, axis=axis):
            return sum(
                w * stats.norm(m, s).cdf(x)
                for w, m, s in zip(weights, PARAMS["loc"][:, axis], PARAMS["scale"][:, axis], strict=True)
            )

        assert stats.kstest(z[:, axis], cdf).pvalue > 1e-3


@pytest.mark.parametrize("samples", [1, 3])
def test_gradient_of_an_expectation_is_the_analytic_one(samples):
    variables = {name: tf.constant(value) for name, value in PARAMS.items()}
    with tf.GradientTape() as tape:
        tape.watch(variables)
        m, variance = variables["loc"], tf.square(variables["scale"])
        # E[sin z1 + z1 z2 + z2^2] of each component.
        each = (
            tf.exp(-variance[:, 0] / 2) * tf.sin(m[:, 0]) + m[:, 0] * m[:, 1] + m[:, 1] ** 2 + variance[:, 1]
        )
        exact = tf.reduce_sum(tf.nn.softmax(variables["logits"]) * each)
    expected = tape.gradient(exact, variables)

    def loss(z, log_q):
        return tf.reduce_mean(tf.sin(z[..., 0]) + z[..., 0] * z[..., 1] + z[..., 1] ** 2, axis=0)

    _within_error(_gradients(loss, _tiled(60000 // samples), samples), expected)


def test_gradient_of_the_entropy_is_that_of_the_integral():
    params = {name: value if name == "logits" else value[:, :1] for name, value in PARAMS.items()}
    grid = tf.cast(tf.linspace(-9.0, 9.0, 4001), tf.float64)[:, tf.newaxis]
    variables = {name: tf.constant(value, tf.float64) for name, value in params.items()}
    with tf.GradientTape() as tape:
        tape.watch(variables)
        distances = (grid - variables["loc"][:, 0]) / variables["scale"][:, 0]
        normals = tf.exp(-0.5 * distances**2) / (variables["scale"][:, 0] * np.sqrt(2 * np.pi))
        q = tf.reduce_sum(tf.nn.softmax(variables["logits"]) * normals, axis=-1)
        integral = tf.reduce_sum(q * tf.math.log(q)) * (18 / 4000)
    expected = tape.gradient(integral, variables)
    _within_error(_gradients(lambda z, log_q: log_q[0], _tiled(60000, params)), expected)


def test_score_vanishes_for_equal_components():
    """Which component was drawn is averaged out: then the weights move nothing, without any noise."""
    equal = {**PARAMS, "loc": np.zeros((3, 2), "float32"), "scale": np.ones((3, 2), "float32")}
    gradients = _gradients(lambda z, log_q: tf.reduce_sum(z[0] ** 3, -1), _tiled(100, equal))
    assert np.abs(gradients["logits"]).max() < 1e-4
    assert np.abs(gradients["loc"]).max() > 0.1


def test_rate_is_estimated_and_at_least_zero_on_average():
    posterior, params = Mixture(2, 3), _tiled(1)
    z, log_q = posterior.transform(params, posterior.noise((20000, 1), (1, 2)))
    p = StandardNormal(2).distribution()
    trace = Trace(None, None, posterior.distribution(params), p, None, z, log_q)
    np.testing.assert_allclose(trace.rate, tf.reduce_mean(log_q - trace.log_p, 0), rtol=1e-6)
    assert trace.rate[0] > 0


def test_location_is_that_of_the_heaviest_component():
    np.testing.assert_array_equal(Mixture(2, 3).location(_tiled(1)), PARAMS["loc"][:1])
