"""Codes of equal probability."""

import math

import numpy as np
import tensorflow as tf

from tfvae.distributions import UniformCodes


def test_every_code_has_the_inverse_of_their_number():
    p = UniformCodes((4, 8, 2), 6)
    np.testing.assert_allclose(p.prob(tf.zeros((5, 6))), np.full(5, 1 / 64), rtol=1e-6)
    assert float(p.entropy()) == np.float32(math.log(64))
    assert (p.batch_shape, p.event_shape) == ((), (6,))
