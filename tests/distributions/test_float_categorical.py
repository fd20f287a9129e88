"""Categories as floats."""

import numpy as np
import tensorflow as tf
from scipy import special

from tfvae.distributions import FloatCategorical

LOGITS = np.float32([[0.5, -1.0, 2.0], [0.0, 0.0, -3.0]])


def test_the_mass_is_the_softmax():
    received = FloatCategorical(tf.constant(LOGITS)).log_prob([[0.0], [1.0], [2.0]])
    np.testing.assert_allclose(received, special.log_softmax(LOGITS, axis=1).T, rtol=1e-6)


def test_between_the_categories_there_is_no_mass():
    p = FloatCategorical(tf.constant(LOGITS[0]))
    assert np.isneginf(p.log_prob([0.5, -1.0, 3.0, 1.0 + 1e-6])).all()


def test_draws_are_floats_with_the_mass():
    draws = FloatCategorical(tf.constant(LOGITS[0])).sample(20000, seed=(1, 2)).numpy()
    assert draws.dtype == np.float32
    p = special.softmax(LOGITS[0])
    shares = np.bincount(draws.astype(int), minlength=3) / 20000
    assert (np.abs(shares - p) < 4 * np.sqrt(p * (1 - p) / 20000)).all()
