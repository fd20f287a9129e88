"""Recurrent networks skip padding, and repeat their input."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae import networks
from tfvae.core.errors import InvalidInput


def test_steps_of_zeros_at_the_end_have_no_effect():
    x = tf.random.stateless_normal((2, 4, 3), (1, 2))
    network = networks.recurrent(5)
    longer = network(tf.pad(x, [[0, 0], [0, 3], [0, 0]]))
    assert longer.shape == (2, 10)
    np.testing.assert_allclose(longer, network(x), rtol=1e-5, atol=1e-6)


def test_the_decoder_has_the_input_at_each_step():
    network = networks.recurrent_decoder(4, 5)
    features = tf.random.stateless_normal((2, 3), (1, 2))
    repeated = tf.repeat(features[:, tf.newaxis], 4, axis=1)
    np.testing.assert_allclose(network(features), network.layers[1](repeated), rtol=1e-5, atol=1e-6)


def test_impossible_sizes_are_rejected():
    with pytest.raises(InvalidInput, match="units: expected"):
        networks.recurrent(0)
    with pytest.raises(InvalidInput, match="steps and units: expected"):
        networks.recurrent_decoder(0)
