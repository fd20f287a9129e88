"""Vectors of codes with the probabilities of the codes."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.distributions import CodeVectors, draw_categorical

CODEBOOK = tf.constant([[0.0, 0.0], [1.0, 1.0], [4.0, 0.0]])
LOGITS = tf.math.log([0.5, 0.2, 0.3])


def _log_prob(z):
    distances = tf.reduce_sum(tf.square(z[..., tf.newaxis, :] - CODEBOOK), -1)
    return tf.gather(LOGITS, tf.argmin(distances, -1))


def test_draws_are_the_vectors_with_their_probabilities():
    p = CodeVectors(_log_prob, lambda noise: tf.gather(CODEBOOK, draw_categorical(LOGITS, noise[:, 0])), 1, 2)
    draws = p.sample(20000, seed=(1, 2))
    assert draws.shape == (20000, 2)
    shares = [np.mean(np.all(draws == vector, axis=1)) for vector in CODEBOOK]
    assert sum(shares) == pytest.approx(1)
    expected = p.prob(CODEBOOK).numpy()
    assert (np.abs(shares - expected) < 4 * np.sqrt(expected * (1 - expected) / 20000)).all()
