"""Texts drawn token by token against the enumeration of all of them, for a rule in closed form."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import AutoregressiveCategorical

NAN = float("nan")
STEPS, KINDS = 3, 3
TEXTS = np.array(list(itertools.product(range(KINDS), repeat=STEPS)), "float32")
FEATURES = tf.constant([[0.5, -1.0, 0.2], [2.0, 0.3, 0.0]])


def _step_logits(before, features):
    """Logits of a token: the features, and 1.5 for the token before it."""
    return features + 1.5 * tf.one_hot(tf.cast(before, tf.int32), KINDS)


def _logits(x, features, shown):
    before = tf.pad(x[..., :-1], [[0, 0]] * (len(x.shape) - 1) + [[1, 0]], constant_values=-1.0)
    hidden = tf.concat([tf.ones_like(shown[..., :1]), shown[..., :-1]], -1) == 0
    return _step_logits(tf.where(hidden, -1.0, before), features[..., tf.newaxis, :])


def _generate(features, repeats, score):
    features = tf.tile(features, (repeats, 1))
    tokens, before = [], tf.fill(tf.shape(features)[:1], -1.0)
    for step in range(STEPS):
        before = tf.cast(tf.argmax(score(step, _step_logits(before, features)), -1), tf.float32)
        tokens.append(before)
    return tf.stack(tokens, -1)


@pytest.fixture
def texts():
    return AutoregressiveCategorical(FEATURES, tf.ones((2, STEPS)), _logits, _generate)


def test_the_mass_is_the_product_of_the_tokens_given_those_before(texts):
    received = texts.log_prob(TEXTS[:, np.newaxis]).numpy()
    for column, features in enumerate(FEATURES.numpy()):
        first = special.log_softmax(features)
        later = special.log_softmax(features + 1.5 * np.eye(KINDS), axis=1)
        numbers = TEXTS.astype(int)
        expected = first[numbers[:, 0]] + sum(
            later[numbers[:, t - 1], numbers[:, t]] for t in range(1, STEPS)
        )
        np.testing.assert_allclose(received[:, column], expected, rtol=1e-5)
    np.testing.assert_allclose(np.exp(received).sum(0), 1.0, rtol=1e-5)


def test_a_shorter_text_has_the_mass_of_all_its_continuations(texts):
    mass = texts.prob(TEXTS[:, np.newaxis]).numpy().reshape(KINDS, KINDS**2, 2)
    short = np.full((KINDS, 1, STEPS), NAN, "float32")
    short[:, 0, 0] = range(KINDS)
    np.testing.assert_allclose(texts.prob(short), mass.sum(1), rtol=1e-5)


def test_draws_have_the_mass(texts):
    mass = texts.prob(TEXTS[:, np.newaxis]).numpy().astype("float64")
    draws = texts.sample(9000, seed=(1, 2))
    assert draws.shape == (9000, 2, STEPS)
    for column, numbers in enumerate(np.moveaxis(draws.numpy() @ [9, 3, 1], 1, 0)):
        counts = np.bincount(numbers.astype(int), minlength=27)
        assert stats.chisquare(counts, 9000 * mass[:, column] / mass[:, column].sum()).pvalue > 1e-3
