"""Shapes of features, and functions of points with any leading axes."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.networks import at_points, flatten, num_features


@pytest.mark.parametrize("leading", [(), (5,), (2, 5), (2, 3, 5)])
def test_a_function_of_points_is_applied_to_each(leading):
    z = tf.random.stateless_normal((*leading, 2), (1, 2))

    def function(points):
        assert points.shape.rank == 2
        return {"sum": tf.reduce_sum(points, -1), "outer": points[:, :, tf.newaxis] * points[:, tf.newaxis]}

    values = at_points(function, z)
    np.testing.assert_allclose(values["sum"], tf.reduce_sum(z, -1), rtol=1e-6)
    np.testing.assert_allclose(values["outer"], z[..., :, tf.newaxis] * z[..., tf.newaxis, :], rtol=1e-6)


def test_features_are_counted_and_flattened():
    assert num_features((None, 2, 3)) == num_features((None, 6)) == 6
    x = tf.random.stateless_normal((5, 2, 3), (1, 2))
    np.testing.assert_array_equal(flatten(x), tf.reshape(x, (5, 6)))


def test_features_of_unknown_size_are_rejected():
    with pytest.raises(InvalidInput, match="features: expected a shape of which only the batch size is unk"):
        num_features((None, None, 3))
