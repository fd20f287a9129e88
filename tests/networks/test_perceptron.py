"""Networks of dense layers."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae import networks
from tfvae.core.errors import InvalidInput


def test_mlp_flattens():
    assert networks.mlp((6, 5))(tf.zeros((2, 3, 4, 1))).shape == (2, 5)


def test_linear_only_flattens():
    x = tf.random.stateless_normal((2, 3, 4), (1, 2))
    np.testing.assert_array_equal(networks.linear()(x), tf.reshape(x, (2, 12)))


@pytest.mark.parametrize("sizes", [(), (0,), (3, -1)])
def test_impossible_sizes_are_rejected(sizes):
    with pytest.raises(InvalidInput, match="sizes: expected one or more integers"):
        networks.mlp(sizes)
