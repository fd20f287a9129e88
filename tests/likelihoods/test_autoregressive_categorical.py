"""Texts: against enumeration of all texts, with padding, and with hidden tokens."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import AutoregressiveCategorical

NAN = float("nan")
STEPS, KINDS = 4, 3
ALL = np.array(list(itertools.product(range(KINDS), repeat=STEPS)), "float32")


@pytest.fixture
def likelihood():
    """A likelihood with weights far from zero, so that tokens depend on each other."""
    made = AutoregressiveCategorical((STEPS,), KINDS, units=4, embedding_dim=5, dropout=0.5, seed=3)
    made(tf.zeros((1, 2)))
    rng = np.random.default_rng(0)
    for variable in made.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    return made


@pytest.fixture
def params(likelihood):
    return likelihood(tf.constant([[0.5, -1.0], [2.0, 0.3]]))


def test_the_probabilities_of_all_texts_sum_to_one(likelihood, params):
    px = likelihood.distribution(params)
    np.testing.assert_allclose(tf.reduce_sum(px.prob(ALL[:, np.newaxis]), axis=0), 1, rtol=1e-5)


def test_padding_sums_over_all_that_could_have_come(likelihood, params):
    """p(x_1, x_2) is the sum over x_3 and x_4 of p(x)."""
    px = likelihood.distribution(params)
    cut = ALL[:: KINDS**2].copy()
    cut[:, 2:] = NAN
    whole = tf.reshape(px.prob(ALL[:, np.newaxis]), (KINDS**2, KINDS**2, 2))
    np.testing.assert_allclose(px.prob(cut[:, np.newaxis]), tf.reduce_sum(whole, axis=1), rtol=1e-5)


def test_draws_have_those_probabilities(likelihood, params):
    count = 40_000
    px = likelihood.distribution(params)
    draws = px.sample(count, seed=(1, 2)).numpy()
    assert draws.shape == (count, 2, STEPS)
    expected = px.prob(ALL[:, np.newaxis]).numpy()
    place = (draws @ KINDS ** np.arange(STEPS)[::-1]).astype(int)
    seen = np.stack([np.bincount(column, minlength=len(ALL)) for column in place.T], axis=1) / count
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(seen - expected) < 4.5 * error + 1e-4).all()  # of 162 figures
    np.testing.assert_array_equal(draws, px.sample(count, seed=(1, 2)))


def test_the_mean_takes_the_most_probable_token_at_each_step(likelihood, params):
    mean = likelihood.mean(params)
    steps = likelihood.logits(mean, **params)
    np.testing.assert_array_equal(mean, tf.argmax(steps, axis=-1))


def test_hidden_tokens_have_no_effect(likelihood):
    h = tf.constant([[0.5, -1.0]])
    hidden = {**likelihood(h), "shown": tf.constant([[1.0, 0.0, 1.0, 1.0]])}
    one, other = tf.constant([[0.0, 1.0, 2.0, 0.0]]), tf.constant([[0.0, 2.0, 2.0, 0.0]])
    np.testing.assert_allclose(
        likelihood.logits(one, **hidden), likelihood.logits(other, **hidden), rtol=1e-6
    )
    shown = likelihood(h)
    difference = np.abs(likelihood.logits(one, **shown) - likelihood.logits(other, **shown)).max(axis=-1)[0]
    assert (difference[:2] == 0).all()
    assert (difference[2:] > 1e-3).all()


def test_tokens_are_hidden_in_training_alone(likelihood):
    h = tf.zeros((20_000, 2))
    assert (likelihood(h)["shown"].numpy() == 1).all()
    share = likelihood(h, training=True)["shown"].numpy().mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 80_000)


def test_the_encoder_sees_one_hot_codes_and_where_the_text_is(likelihood):
    seen = likelihood.encoder_input(tf.constant([[2.0, 0.0, NAN, NAN]])).numpy()
    np.testing.assert_array_equal(seen, [[[0, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]])


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"event_shape": (2, 2)}, "event_shape"),
        ({"num_categories": 1}, "num_categories"),
        ({"units": 0}, "units"),
        ({"embedding_dim": 0}, "embedding_dim"),
        ({"dropout": 1.5}, "dropout"),
    ],
)
def test_options_out_of_range_are_rejected(options, name):
    with pytest.raises(InvalidInput, match=name):
        AutoregressiveCategorical(**{"event_shape": (3,), "num_categories": 3, **options})
