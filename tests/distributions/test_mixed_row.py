"""A row of several kinds of columns against the sum of their densities."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from tensorflow_probability import distributions as tfd

from tfvae.core.support import Support
from tfvae.distributions import FloatCategorical, MixedRow

NAN = float("nan")
SUPPORTS = (Support(), Support(0.0), Support(0.0, 2.0))


@pytest.fixture
def row():
    """Columns 0 and 3 normal, 1 and 4 Poisson, 2 categorical; two rows."""
    groups = (
        tfd.Normal(tf.constant([[0.0, 1.0], [2.0, 3.0]]), 2.0),
        tfd.Poisson(tf.constant([[1.0, 2.0], [3.0, 4.0]])),
        FloatCategorical(tf.constant([[[0.0, 1.0, 2.0]], [[2.0, 0.0, 0.0]]])),
    )
    return MixedRow(groups, ((0, 3), (1, 4), (2,)), SUPPORTS)


def test_the_density_is_the_sum_over_observed_columns(row):
    x = np.float32([[0.5, 2.0, 1.0, -1.0, 3.0], [NAN, 2.0, NAN, 1.0, NAN]])
    expected = [
        stats.norm.logpdf(0.5, 0, 2)
        + stats.norm.logpdf(-1, 1, 2)
        + stats.poisson.logpmf(2, 1)
        + stats.poisson.logpmf(3, 2)
        + np.log(np.exp(1) / np.exp([0, 1, 2]).sum()),
        stats.poisson.logpmf(2, 3) + stats.norm.logpdf(1, 3, 2),
    ]
    assert (row.batch_shape, row.event_shape) == ((2,), (5,))
    np.testing.assert_allclose(row.log_prob(x), expected, rtol=1e-5)
    each = row.element_log_prob(x).numpy()
    np.testing.assert_allclose(each.sum(1), expected, rtol=1e-5)
    assert (each[1, [0, 2, 4]] == 0).all()


def test_outside_the_support_there_is_no_mass_and_no_bad_gradient(row):
    x = tf.constant([[0.5, -1.0, 1.0, 0.0, 3.0], [0.0, 2.0, 5.0, 1.0, NAN]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        each = row.element_log_prob(x)
    assert np.isneginf(each.numpy()).nonzero()[1].tolist() == [1, 2]
    assert np.isfinite(tape.gradient(each, x)).all()


def test_draws_have_their_columns_in_place(row):
    draws = row.sample(20000, seed=(1, 2)).numpy().astype("float64")
    expected = [[0, 1, None, 1, 2], [2, 3, None, 3, 4]]
    for column in (0, 1, 3, 4):
        mean, error = draws[..., column].mean(0), draws[..., column].std(0) / np.sqrt(20000)
        assert (np.abs(mean - [means[column] for means in expected]) < 4 * error).all()
    assert set(np.unique(draws[..., 2])) == {0.0, 1.0, 2.0}
