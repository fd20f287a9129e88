"""How scores are divided among elements."""

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import equal_shares, integrated_gradients, mean_example

NAN = float("nan")


def test_equal_shares_add_up_and_missing_elements_get_none():
    amount = tf.constant([3.0, -2.0, 5.0])
    x = tf.constant([[1.0, NAN, 2.0], [0.0, 0.0, 0.0], [NAN, NAN, NAN]])
    parts = equal_shares(amount, x).numpy()
    np.testing.assert_allclose(parts.sum(axis=1), amount, rtol=1e-6)
    np.testing.assert_array_equal(parts[0], [1.5, 0, 1.5])
    assert np.ptp(parts[1:], axis=1).max() == 0  # with nothing observed, all elements have the same share


def test_integrated_gradients_add_up_and_vanish_for_elements_that_do_not_matter():
    """Also where the midpoint rule is not exact."""
    x = tf.random.stateless_normal((5, 4), (1, 2))
    value, parts = integrated_gradients(
        lambda x: tf.sin(x[:, 0]) * tf.exp(x[:, 1]) + x[:, 2] ** 3, x, tf.zeros(4), num_steps=200
    )
    np.testing.assert_allclose(parts.numpy().sum(axis=1), value, rtol=1e-4, atol=1e-5)
    assert np.abs(parts[:, 3]).max() < 1e-3
    np.testing.assert_allclose(parts[:, 2], x[:, 2] ** 3, atol=1e-3)


def test_a_missing_element_stays_missing_along_the_path():
    def observed_sum(x):
        return tf.reduce_sum(tf.where(tf.math.is_nan(x), 0.0, x), axis=1)

    value, parts = integrated_gradients(observed_sum, tf.constant([[2.0, NAN]]), tf.ones(2))
    np.testing.assert_array_equal(value, [2.0])
    np.testing.assert_array_equal(parts, [[2.0, 0.0]])


def test_the_mean_example_is_that_of_the_observed_values():
    np.testing.assert_array_equal(mean_example(np.float32([[1, NAN], [3, 4]])), [2.0, 4.0])
