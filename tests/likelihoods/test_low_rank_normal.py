"""The low-rank Gaussian against the full covariance in float64."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.low_rank_normal import LowRankNormal


def _case(event=(4, 2), rank=3, batch=5, scale=None, size=1.0):
    likelihood = LowRankNormal(event, rank, scale)
    return likelihood, likelihood(size * tf.random.stateless_normal((batch, 6), (1, 2)))


def _covariance(likelihood, params, index):
    raw = [params["raw_scale"][index]] if "raw_scale" in params else []
    dimension = int(np.prod(likelihood.event_shape))
    scale = np.broadcast_to(likelihood.scale.scale(raw), likelihood.event_shape)
    scale = np.float64(scale).reshape(dimension, 1)
    raw = np.float64(params["raw_factor"][index]).reshape(dimension, -1)
    factor = raw / np.sqrt(1 + (raw / (1000 * scale)) ** 2)
    return np.diag(scale[:, 0] ** 2) + factor @ factor.T


@pytest.mark.parametrize(
    ("event", "rank", "scale"),
    [((8,), 1, 0.5), ((8,), 8, None), ((4, 2), 3, scales.Learned()), ((2, 2, 2), 3, None)],
)
def test_density_is_that_of_the_full_covariance(event, rank, scale):
    likelihood, params = _case(event, rank, scale=scale)
    x = 2 * tf.random.stateless_normal((5, *event), (3, 4))
    received = likelihood.distribution(params).log_prob(x)
    for index in range(5):
        loc = np.float64(params["loc"][index]).ravel()
        expected = stats.multivariate_normal(loc, _covariance(likelihood, params, index))
        assert float(received[index]) == pytest.approx(expected.logpdf(np.ravel(x[index])), rel=2e-5)


def test_density_integrates_to_one():
    likelihood = LowRankNormal((2,), 1, 0.5)
    params = {"loc": tf.constant([[0.5, -0.5]]), "raw_factor": tf.constant([[[1.0], [-2.0]]])}
    axis = np.linspace(-12, 12, 401, dtype="float32")
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    density = tf.exp(likelihood.distribution(params).log_prob(grid)).numpy().reshape(401, 401)
    assert np.trapezoid(np.trapezoid(density, axis), axis) == pytest.approx(1.0, abs=1e-5)


def test_draws_have_the_covariance():
    likelihood, params = _case((2, 2), 2, batch=1)
    count = 100000
    draws = likelihood.distribution(params).sample(count, seed=(1, 2)).numpy().reshape(count, 4)
    expected = _covariance(likelihood, params, 0)
    variance = np.diag(expected)
    loc = params["loc"].numpy().ravel()
    assert np.abs((draws.mean(0) - loc) / np.sqrt(variance / count)).max() < 4
    error = np.sqrt((np.outer(variance, variance) + expected**2) / count)
    assert np.abs((np.cov(draws.T) - expected) / error).max() < 4
    np.testing.assert_allclose(np.ravel(likelihood.distribution(params).variance()), variance, rtol=1e-5)
    np.testing.assert_array_equal(likelihood.mean(params), params["loc"])


def test_no_factor_is_a_diagonal_gaussian():
    px = LowRankNormal((3,), 2, 0.7).distribution(
        {"loc": tf.zeros((1, 3)), "raw_factor": tf.zeros((1, 3, 2))}
    )
    expected = stats.norm.logpdf([0.1, 2.0, -3.0], scale=0.7).sum()
    assert float(px.log_prob(np.float32([[0.1, 2.0, -3.0]]))[0]) == pytest.approx(expected, rel=1e-6)


def test_columns_that_are_alike_and_large_keep_density_and_gradient():
    """In float32 the small matrix is singular here: its 1 is lost beside 1e6 D."""
    likelihood = LowRankNormal((50,), 3, 0.01)
    column = np.linspace(0.5, 1.0, 50)
    params = {
        "loc": tf.zeros((1, 50)),
        "raw_factor": tf.constant(np.stack([column] * 3, -1)[np.newaxis], tf.float32),
    }
    x = np.float32(0.7 * column + 0.005 * np.cos(np.arange(50)))[np.newaxis]
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = likelihood.distribution(params).log_prob(x)
    covariance = _covariance(likelihood, params, 0)
    exact = stats.multivariate_normal(np.zeros(50), covariance).logpdf(np.float64(x[0]))
    assert float(value[0]) == pytest.approx(exact, rel=1e-5)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(value, params).values())


@pytest.mark.parametrize("size", [0.0, 1e3, -1e3, 1e6])
def test_extreme_features_keep_density_and_gradient_finite(size):
    likelihood, _ = _case()
    with tf.GradientTape() as tape:
        params = likelihood(tf.fill((1, 6), size))
        value = likelihood.distribution(params).log_prob(tf.ones((1, 4, 2)))
    gradients = tape.gradient(value, likelihood.trainable_variables)
    assert all(np.isfinite(array).all() for array in (value, *gradients))


def test_a_factor_has_a_bound_of_a_thousand_scales():
    likelihood = LowRankNormal((1,), 1, 0.1)
    deviations = [
        float(likelihood.distribution({"loc": tf.zeros((1, 1)), "raw_factor": [[[size]]]}).stddev()[0, 0])
        for size in (1.0, 1e6)
    ]
    np.testing.assert_allclose(deviations, [np.hypot(1.0, 0.1), 100.0], rtol=1e-4)


@pytest.mark.parametrize("rank", [0, -1, 9])
def test_impossible_ranks_are_refused(rank):
    with pytest.raises(InvalidInput, match="^rank: expected an integer from 1 to 8, received"):
        LowRankNormal((4, 2), rank)
