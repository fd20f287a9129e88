"""Draws of categories from normal noise against their probabilities."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.distributions import draw_categorical, draw_stratified, gumbel_from_normal


def test_gumbel_numbers_have_their_distribution():
    noise = tf.random.stateless_normal((20000,), (1, 2))
    assert stats.kstest(gumbel_from_normal(noise), "gumbel_r").pvalue > 1e-3


def test_far_noise_stays_inside():
    far = tf.constant([-30.0, -8.0, 8.0, 30.0])
    assert np.isfinite(gumbel_from_normal(tf.constant([-8.0, -5.0, 5.0, 8.0]))).all()
    assert set(draw_categorical(tf.zeros([1, 3]), far).numpy()) == {0, 2}


def test_draws_have_their_probabilities():
    logits = tf.constant([[0.5, -1.0, 2.0], [0.0, 0.0, -3.0]])
    drawn = tf.one_hot(draw_categorical(logits, tf.random.stateless_normal((20000, 2), (3, 4))), 3)
    counts = tf.reduce_sum(drawn, axis=0).numpy()
    for row in range(2):
        assert stats.chisquare(counts[row], 20000 * tf.nn.softmax(logits)[row].numpy()).pvalue > 1e-3


def test_stratified_draws_of_equal_weights_are_one_of_each():
    for seed in range(5):
        drawn = draw_stratified(tf.fill((2, 4), 0.25), tf.random.stateless_normal((4, 1), (seed, 0)))
        np.testing.assert_array_equal(tf.reduce_sum(drawn, axis=0), np.ones((2, 4)))


@pytest.mark.parametrize("draws", [1, 3, 8])
def test_stratified_draws_have_the_shares_of_the_weights(draws):
    """Each category is drawn floor(S w) or ceil(S w) times, and S w times on average."""
    weights = tf.constant([[0.1, 0.0, 0.55, 0.35]])
    count = 4000
    noise = tf.random.stateless_normal((draws, count), (1, 2))
    drawn = tf.reduce_sum(draw_stratified(tf.repeat(weights, count, axis=0), noise), axis=0).numpy()
    expected = draws * weights.numpy()
    assert (np.abs(drawn - expected) < 1).all()
    error = drawn.std(axis=0) / np.sqrt(count)
    assert (np.abs(drawn.mean(axis=0) - expected[0]) <= 4 * error + 1e-6).all()
