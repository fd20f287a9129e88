"""Unit vectors and the area of the unit sphere."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfvae.distributions.sphere import log_sphere_area, unit_vectors


def test_unit_vectors_of_any_size():
    x = tf.constant([[1e-30, 2e-30], [3e30, 4e30], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = unit_vectors(x)
    np.testing.assert_allclose(y, [[5**-0.5, 2 * 5**-0.5], [0.6, 0.8], [1.0, 0.0]], rtol=1e-6)
    assert np.isfinite(tape.gradient(y, x)).all()


@pytest.mark.parametrize(
    ("dimension", "area"), [(1, 2), (2, 2 * math.pi), (3, 4 * math.pi), (4, 2 * math.pi**2)]
)
def test_the_area_is_the_known_one(dimension, area):
    assert math.exp(log_sphere_area(dimension)) == pytest.approx(area)
