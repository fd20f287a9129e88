"""Products of normal densities against their formula in float64, and at extreme scales."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.distributions import product_of_normals


def _exact(loc, scale, powers):
    precisions = np.float64(powers)[..., np.newaxis] / np.float64(scale) ** 2
    precision = precisions.sum(-2)
    return (precisions * loc).sum(-2) / precision, precision**-0.5


def test_it_is_the_precision_weighted_mean():
    rng = np.random.default_rng(0)
    loc, scale = (rng.normal(size=(6, 4, 3)) * 3, rng.uniform(0.05, 5, (6, 4, 3)))
    powers = rng.integers(0, 3, (6, 4)).astype("float32")
    powers[:, 0] = 0.5
    given = (tf.constant(value, tf.float32) for value in (loc, scale, powers))
    for received, expected in zip(product_of_normals(*given), _exact(loc, scale, powers), strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("unit", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_scales_whose_squares_leave_float32_are_exact(unit):
    """1 / unit^2 is beyond float32 for most of these."""
    loc, scale = product_of_normals(tf.constant([[0.0], [4.0]]) * unit, tf.constant([[1.0], [1.0]]) * unit)
    np.testing.assert_allclose([loc[0] / unit, scale[0] / unit], [2.0, 0.5**0.5], rtol=1e-6)


def test_a_much_sharper_normal_decides_alone():
    loc, scale = product_of_normals(tf.constant([[3.0], [-1e6]]), tf.constant([[1e-25], [1.0]]))
    np.testing.assert_allclose([loc[0], scale[0]], [3.0, 1e-25], rtol=1e-6)


def test_left_out_factors_have_no_effect_and_no_gradient():
    loc, scale = tf.constant([[1.0], [5.0]]), tf.constant([[0.5], [1e-30]])
    powers = tf.constant([1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        mean, deviation = product_of_normals(loc, scale, powers)
        total = tf.reduce_sum(mean + deviation)
    np.testing.assert_allclose([mean[0], deviation[0]], [1.0, 0.5], rtol=1e-6)
    for gradient in tape.gradient(total, [loc, scale]):
        np.testing.assert_allclose(gradient, [[1.0], [0.0]], rtol=1e-6)


def test_gradients_are_those_of_the_formula():
    rng = np.random.default_rng(1)
    loc, scale, powers = rng.normal(size=(3, 1)), rng.uniform(0.3, 2, (3, 1)), np.ones(3)

    def total(loc, scale):
        return sum(value.sum() for value in _exact(loc, scale, powers))

    step, expected = 1e-6, []
    for number in range(6):
        shift = np.eye(6)[number].reshape(2, 3, 1) * step
        higher, lower = total(loc + shift[0], scale + shift[1]), total(loc - shift[0], scale - shift[1])
        expected.append((higher - lower) / (2 * step))
    loc, scale = tf.constant(loc, tf.float32), tf.constant(scale, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        value = tf.reduce_sum(tf.concat(product_of_normals(loc, scale), -1))
    received = np.concatenate([np.ravel(gradient) for gradient in tape.gradient(value, [loc, scale])])
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)
