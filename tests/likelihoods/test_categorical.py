"""The categorical likelihood: numbers in, numbers out."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.categorical import Categorical


def test_density_is_the_softmaxs():
    logits = np.random.default_rng(0).normal(0, 5, (2, 3, 4)).astype("float32")
    x = np.float32([[0, 3, 2], [1, 1, 0]])
    received = Categorical((3,), 4).distribution({"logits": logits}).log_prob(x)
    log_p = special.log_softmax(np.float64(logits), -1)
    expected = np.take_along_axis(log_p, x.astype(int)[..., np.newaxis], -1).sum((1, 2))
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_mass_sums_to_one():
    points = np.float32(list(itertools.product(range(3), repeat=2)))
    logits = np.float32([[[0.0, 9.0, -3.0], [1.0, 2.0, 0.5]]])
    mass = Categorical((2,), 3).distribution({"logits": logits}).prob(points)
    assert float(tf.reduce_sum(mass)) == pytest.approx(1.0, abs=1e-6)


def test_gradient_is_one_hot_minus_probability_at_extreme_logits():
    logits = tf.constant([[[90.0, 0.0, -90.0], [-90.0, 1e6, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = Categorical((2,), 3).distribution({"logits": logits}).log_prob([[2.0, 1.0]])
    expected = np.eye(3)[[2, 1]] - special.softmax(np.float64(logits[0]), -1)
    np.testing.assert_allclose(tape.gradient(value, logits)[0], expected, atol=1e-6)
    assert float(value[0]) == pytest.approx(-180.0)


def test_draws_are_category_numbers_with_their_probabilities():
    logits = np.float32([[[0.0, 1.0, -1.0]]])
    draws = Categorical((1,), 3).distribution({"logits": logits}).sample(20000, seed=(1, 2)).numpy().ravel()
    assert draws.dtype == np.float32
    p = special.softmax(np.float64(logits[0, 0]))
    received = np.bincount(draws.astype(int), minlength=3) / 20000
    assert np.abs((received - p) / np.sqrt(p * (1 - p) / 20000)).max() < 4


def test_mean_is_the_most_probable_category():
    mean = Categorical((2,), 3).mean({"logits": tf.constant([[[0.0, 1.0, 0.9], [5.0, -1.0, 2.0]]])})
    assert mean.dtype == tf.float32
    np.testing.assert_array_equal(mean, [[1.0, 0.0]])


def test_the_encoder_sees_one_hot_codes():
    x = tf.constant([[0.0, 2.0], [1.0, 1.0]])
    np.testing.assert_array_equal(Categorical((2,), 3).encoder_input(x), np.eye(3)[[[0, 2], [1, 1]]])


def test_a_number_between_categories_is_shared_by_both_with_a_gradient():
    """So that data that a prior learns, pseudo-inputs, can move from one category to the next."""
    x = tf.constant([[0.25]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        code = Categorical((1,), 3).encoder_input(x)
    np.testing.assert_allclose(code[0, 0], [0.75, 0.25, 0.0])
    np.testing.assert_array_equal(tape.jacobian(code, x)[0, 0, :, 0, 0], [-1.0, 1.0, 0.0])


@pytest.mark.parametrize(("x", "covered"), [([0.0, 2.0], True), ([3.0, 0.0], False), ([0.5, 1.0], False)])
def test_values_are_category_numbers(x, covered):
    assert bool(Categorical((2,), 3).support.contains(np.float32([x]))) is covered


@pytest.mark.parametrize("count", [1, 0, -2])
def test_fewer_than_two_categories_are_rejected(count):
    with pytest.raises(InvalidInput, match="^num_categories: expected an integer of at least 2"):
        Categorical((3,), count)
