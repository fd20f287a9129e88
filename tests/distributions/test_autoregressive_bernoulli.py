"""Images drawn pixel by pixel against the enumeration of all of them, for a rule in closed form."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import AutoregressiveBernoulli

SHAPE = (2, 2, 1)
IMAGES = np.array(list(itertools.product([0.0, 1.0], repeat=4)), "float32")
FEATURES = tf.constant([-0.5, 0.8])[:, tf.newaxis, tf.newaxis, tf.newaxis] * tf.ones((2, *SHAPE))


def _logits(x, features):
    """Logit of a pixel: the feature there, and 2 for each pixel before it that is 1."""
    flat = tf.reshape(x, tf.concat([tf.shape(x)[:-3], [4]], 0))
    before = tf.cumsum(flat, axis=-1, exclusive=True)
    return features + tf.reshape(2 * before, tf.shape(x))


def _generate(features, repeats, value):
    flat = tf.tile(tf.reshape(features, (-1, 4)), (repeats, 1))
    pixels = []
    for place in range(4):
        before = tf.add_n(pixels) if pixels else tf.zeros_like(flat[:, :1])
        pixels.append(value(place, flat[:, place : place + 1] + 2 * before))
    return tf.reshape(tf.concat(pixels, -1), (-1, *SHAPE))


@pytest.fixture
def images():
    return AutoregressiveBernoulli(FEATURES, SHAPE, _logits, _generate)


def test_the_mass_is_the_product_of_the_pixels_given_those_before(images):
    received = images.log_prob(IMAGES.reshape(-1, 1, *SHAPE)).numpy()
    before = np.cumsum(IMAGES, axis=1) - IMAGES
    for column, feature in enumerate((-0.5, 0.8)):
        expected = special.log_expit((2 * IMAGES - 1) * (feature + 2 * before)).sum(1)
        np.testing.assert_allclose(received[:, column], expected, rtol=1e-5)
    np.testing.assert_allclose(np.exp(received).sum(0), 1.0, rtol=1e-5)


def test_draws_have_the_mass(images):
    mass = np.exp(images.log_prob(IMAGES.reshape(-1, 1, *SHAPE)).numpy().astype("float64"))
    draws = images.sample(4000, seed=(1, 2))
    assert draws.shape == (4000, 2, *SHAPE)
    for column, numbers in enumerate(np.moveaxis(draws.numpy().reshape(4000, 2, 4) @ [8, 4, 2, 1], 1, 0)):
        counts = np.bincount(numbers.astype(int), minlength=16)
        assert stats.chisquare(counts, 4000 * mass[:, column] / mass[:, column].sum()).pvalue > 1e-3
