"""The low-rank Gaussian likelihood: its parametrization, its bounds, and their extremes."""

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
def test_the_density_is_that_of_the_full_covariance(event, rank, scale):
    likelihood, params = _case(event, rank, scale=scale)
    x = 2 * tf.random.stateless_normal((5, *event), (3, 4))
    received = likelihood.distribution(params).log_prob(x)
    for index in range(5):
        loc = np.float64(params["loc"][index]).ravel()
        expected = stats.multivariate_normal(loc, _covariance(likelihood, params, index))
        assert float(received[index]) == pytest.approx(expected.logpdf(np.ravel(x[index])), rel=2e-5)


def test_nearly_equal_and_large_columns_keep_density_and_gradient():
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
def test_impossible_ranks_are_rejected(rank):
    with pytest.raises(InvalidInput, match="^rank: expected an integer from 1 to 8, received"):
        LowRankNormal((4, 2), rank)
