"""The low-rank Gaussian against the full covariance in float64."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.distributions import LowRankNormal


def _case(event=(4, 2), rank=3, batch=5):
    rng = np.random.default_rng(0)
    loc, ratio = rng.normal(size=(batch, *event)), rng.normal(size=(batch, *event, rank))
    scale = rng.uniform(0.3, 2, (batch, *event))
    p = LowRankNormal(*(tf.constant(value, tf.float32) for value in (loc, scale, ratio)), event)
    scale, ratio = scale.reshape(batch, -1, 1), ratio.reshape(batch, -1, rank)
    factor = scale * ratio
    covariance = scale**2 * np.eye(scale.shape[1]) + factor @ factor.transpose(0, 2, 1)
    return p, loc.reshape(batch, -1), covariance


@pytest.mark.parametrize(("event", "rank"), [((8,), 1), ((8,), 8), ((4, 2), 3), ((2, 2, 2), 3)])
def test_the_density_is_that_of_the_full_covariance(event, rank):
    p, loc, covariance = _case(event, rank)
    x = 2 * tf.random.stateless_normal((5, *event), (3, 4))
    received = p.log_prob(x)
    for index in range(5):
        expected = stats.multivariate_normal(loc[index], covariance[index]).logpdf(np.ravel(x[index]))
        assert float(received[index]) == pytest.approx(expected, rel=2e-5)


def test_the_density_integrates_to_one():
    p = LowRankNormal(
        tf.constant([0.5, -0.5]), tf.constant([0.5, 0.5]), tf.constant([[2.0], [-4.0]]), event_shape=(2,)
    )
    axis = np.linspace(-12, 12, 401, dtype="float32")
    density = p.prob(np.stack(np.meshgrid(axis, axis, indexing="ij"), -1))
    assert np.trapezoid(np.trapezoid(density, axis), axis) == pytest.approx(1.0, abs=1e-5)


def test_draws_have_the_mean_and_the_covariance():
    p, loc, covariance = _case((2, 2), 2, batch=1)
    count, variance = 100000, np.diag(covariance[0])
    draws = p.sample(count, seed=(1, 2)).numpy().reshape(count, 4)
    assert np.abs((draws.mean(0) - loc[0]) / np.sqrt(variance / count)).max() < 4
    error = np.sqrt((np.outer(variance, variance) + covariance[0] ** 2) / count)
    assert np.abs((np.cov(draws.T) - covariance[0]) / error).max() < 4
    np.testing.assert_allclose(np.ravel(p.variance()), variance, rtol=1e-5)
    np.testing.assert_allclose(np.ravel(p.mean()), loc[0], rtol=1e-6)


def test_without_a_ratio_it_is_a_diagonal_gaussian():
    p = LowRankNormal(tf.zeros(3), tf.fill((3,), 0.7), tf.zeros((3, 2)), (3,))
    expected = stats.norm.logpdf([0.1, 2.0, -3.0], scale=0.7).sum()
    assert float(p.log_prob([0.1, 2.0, -3.0])) == pytest.approx(expected, rel=1e-6)
