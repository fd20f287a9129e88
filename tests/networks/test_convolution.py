"""Convolutional networks have the documented shapes, and mirror each other."""

import pytest
import tensorflow as tf

from tfvae import networks
from tfvae.core.errors import InvalidInput

FILTERS = [(4,), (8, 4), (8, 4, 2)]


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (7, 5), (1, 1), (32, 20)])
@pytest.mark.parametrize("filters", FILTERS)
def test_deconv_ends_at_the_images_size(size, filters):
    features = networks.deconv((*size, 3), filters)(tf.zeros((2, 5)))
    assert features.shape == (2, *size, filters[-1])
    encoded = networks.conv(filters[::-1])(tf.zeros((2, *size, 3)))
    assert encoded.shape.rank == 2


@pytest.mark.parametrize("steps", [1, 7, 16, 50])
@pytest.mark.parametrize("filters", FILTERS)
def test_deconv1d_ends_at_the_number_of_steps(steps, filters):
    assert networks.deconv1d(steps, filters)(tf.zeros((2, 5))).shape == (2, steps, filters[-1])
    assert networks.conv1d(filters[::-1])(tf.zeros((2, steps, 3))).shape.rank == 2


@pytest.mark.parametrize("filters", [(), (0,), (3, -1)])
def test_impossible_filters_are_rejected(filters):
    for make in (
        networks.conv,
        networks.conv1d,
        lambda filters: networks.deconv((8, 8, 1), filters),
        lambda filters: networks.deconv1d(8, filters),
    ):
        with pytest.raises(InvalidInput, match="filters: expected one or more integers"):
            make(filters)


def test_impossible_shapes_are_rejected():
    with pytest.raises(InvalidInput, match="shape: expected"):
        networks.deconv((8, 8), (4,))
    with pytest.raises(InvalidInput, match="steps: expected"):
        networks.deconv1d(0)
