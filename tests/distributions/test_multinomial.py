"""The multinomial distribution against SciPy, for any number of trials."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import Multinomial

LOGITS = tf.constant([[-2.0, 0.5, 3.0, 0.0]])


@pytest.mark.parametrize("x", [[0, 0, 0, 0], [1, 0, 0, 0], [1, 2, 3, 0], [0, 50, 400, 7]])
def test_the_mass_is_scipys_with_the_coefficient(x):
    expected = stats.multinomial.logpmf(x, sum(x), special.softmax(np.float64(LOGITS[0])))
    assert float(Multinomial(LOGITS).log_prob(np.float32([x]))[0]) == pytest.approx(
        expected, rel=1e-5, abs=1e-6
    )


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_mass_sums_to_one_for_every_total(n):
    points = [x for x in itertools.product(range(n + 1), repeat=4) if sum(x) == n]
    assert float(tf.reduce_sum(Multinomial(LOGITS).prob(np.float32(points)))) == pytest.approx(1.0, abs=1e-5)


def test_a_draw_is_one_trial_and_the_mean_its_probabilities():
    px, count = Multinomial(LOGITS), 20000
    draws = px.sample(count, seed=(1, 2)).numpy()[:, 0]
    np.testing.assert_array_equal(draws.sum(-1), 1)
    p = special.softmax(np.float64(LOGITS[0]))
    assert np.abs((draws.mean(0) - p) / np.sqrt(p * (1 - p) / count)).max() < 4
    np.testing.assert_allclose(px.mean()[0], p, rtol=1e-5)


def test_the_gradient_is_x_minus_the_expected_counts_also_at_extreme_logits():
    logits = tf.constant([[-90.0, 0.0, 90.0, -1e6]])
    x = np.float32([[1, 2, 0, 0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = Multinomial(logits).log_prob(x)
    expected = x - 3 * special.softmax(np.float64(logits), -1)
    np.testing.assert_allclose(tape.gradient(value, logits), expected, atol=1e-6)
    assert float(value[0]) == pytest.approx(np.log(3) - 180 - 180, rel=1e-6)
