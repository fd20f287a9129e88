"""Functions that stay exact or bounded at any value."""

import numpy as np
import tensorflow as tf

from tfvae.core.numerics import bounded, softplus


def test_bounded_is_the_identity_near_zero_and_never_beyond():
    np.testing.assert_allclose(bounded(tf.constant([0.1, -0.1]), 10.0), [0.1, -0.1], rtol=1e-4)
    np.testing.assert_allclose(bounded(tf.constant([1e6, -1e6]), 10.0), [10.0, -10.0])


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
