"""The zero-inflated likelihood: its parts, its mean and its missing values."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import Bernoulli, MissingAtRandom, NegativeBinomial, Poisson, ZeroInflated

COUNTS = [Poisson, NegativeBinomial]
PARAMS = {"inflation": tf.constant([[-1.0, 0.5, 3.0]]), "log_mean": tf.constant([[0.0, 1.5, 2.0]])}


@pytest.mark.parametrize("kind", COUNTS)
def test_a_zero_has_the_mass_of_both_and_any_other_count_that_of_the_rest(kind):
    counts, px = kind((3,)), ZeroInflated(kind((3,))).distribution(PARAMS)
    pi = tf.sigmoid(PARAMS["inflation"])
    for x in (0.0, 2.0):
        mass = counts.distribution(PARAMS).distribution.prob(x)
        expected = tf.reduce_prod((1 - pi) * mass + (pi if x == 0 else 0), -1)
        np.testing.assert_allclose(px.prob(tf.fill((1, 3), x)), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", COUNTS)
def test_the_mean_is_that_of_the_distribution_also_for_missing_counts(kind):
    likelihood = ZeroInflated(kind((3,)))
    expected = likelihood.distribution(PARAMS).mean()
    np.testing.assert_allclose(likelihood.mean(PARAMS), expected, rtol=1e-6)
    wrapped = MissingAtRandom(likelihood)
    np.testing.assert_allclose(wrapped.missing_statistic(PARAMS), expected, rtol=1e-6)
    repeated = {name: tf.repeat(value, 20000, 0) for name, value in PARAMS.items()}
    draws = wrapped.missing_draw(repeated, tf.constant([1, 2])).numpy().astype("float64")
    assert (np.abs(draws.mean(0) - expected[0]) < 4 * draws.std(0) / np.sqrt(20000)).all()


@pytest.mark.parametrize("other", [Bernoulli((3,)), "poisson", None])
def test_other_likelihoods_are_rejected(other):
    with pytest.raises(InvalidInput, match="^likelihood: expected a Poisson or NegativeBinomial, received"):
        ZeroInflated(other)
