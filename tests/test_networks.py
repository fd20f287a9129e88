"""Networks have the documented shapes, and mirror each other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae import networks
from tfvae.core.errors import InvalidInput
from tfvae.core.noise import SeedStream
from tfvae.core.numerics import softplus


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (7, 5), (1, 1), (32, 20)])
@pytest.mark.parametrize("filters", [(4,), (8, 4), (8, 4, 2)])
def test_deconv_ends_at_the_images_size(size, filters):
    features = networks.deconv((*size, 3), filters)(tf.zeros((2, 5)))
    assert features.shape == (2, *size, filters[-1])
    encoded = networks.conv(filters[::-1])(tf.zeros((2, *size, 3)))
    assert encoded.shape.rank == 2


def test_mlp_flattens():
    assert networks.mlp((6, 5))(tf.zeros((2, 3, 4, 1))).shape == (2, 5)


@pytest.mark.parametrize("sizes", [(), (0,), (3, -1)])
def test_impossible_sizes_are_rejected(sizes):
    for make in (networks.mlp, networks.conv, lambda filters: networks.deconv((8, 8, 1), filters)):
        with pytest.raises(InvalidInput, match="expected one or more integers"):
            make(sizes)
    with pytest.raises(InvalidInput, match="shape: expected"):
        networks.deconv((8, 8), (4,))


def test_softplus_and_its_gradients_are_exact_everywhere():
    x = tf.constant([-200.0, -30.0, -1.0, 0.0, 1.0, 30.0, 200.0])
    with tf.GradientTape() as second:
        second.watch(x)
        with tf.GradientTape() as first:
            first.watch(x)
            y = softplus(x)
        slope = first.gradient(y, x)
    logistic = 1 / (1 + np.exp(-x.numpy().astype("float64")))
    np.testing.assert_allclose(y, np.logaddexp(0, x.numpy().astype("float64")), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(slope, logistic, atol=1e-6)
    np.testing.assert_allclose(second.gradient(slope, x), logistic * (1 - logistic), atol=1e-6)


def test_seed_streams_repeat_restart_and_never_repeat_a_seed():
    first, second = SeedStream(5), SeedStream(5)
    seeds = [tuple(first.next().numpy()) for _ in range(50)]
    assert seeds == [tuple(second.next().numpy()) for _ in range(50)]
    assert len(set(seeds)) == 50
    first.restart()
    assert tuple(first.next().numpy()) == seeds[0]
    assert SeedStream(6).next().numpy().tolist() != list(seeds[0])


def test_seed_streams_follow_the_global_seed():
    starts = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        starts.append(SeedStream().next().numpy())
    np.testing.assert_array_equal(*starts)
