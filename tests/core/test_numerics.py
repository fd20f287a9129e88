"""What is bounded: the identity where it is small, and never beyond."""

import numpy as np
import tensorflow as tf

from tfvae.core.numerics import bounded


def test_bounded_is_the_identity_near_zero_and_never_beyond():
    np.testing.assert_allclose(bounded(tf.constant([0.1, -0.1]), 10.0), [0.1, -0.1], rtol=1e-4)
    np.testing.assert_allclose(bounded(tf.constant([1e6, -1e6]), 10.0), [10.0, -10.0])
