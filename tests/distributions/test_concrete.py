"""Relaxed one-hot variables as one vector against TFP's, row by row."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate
from tensorflow_probability import distributions as tfd

from tfvae.distributions import Concrete

LOGITS = tf.random.stateless_normal((5, 2, 3), (1, 2))


def test_the_density_is_the_product_of_the_rows():
    q = Concrete(0.8, LOGITS)
    z = q.sample(4, seed=(1, 2))
    assert (q.batch_shape, q.event_shape, z.shape) == ((5,), (6,), (4, 5, 6))
    np.testing.assert_allclose(tf.reduce_sum(z, -1), np.full((4, 5), 2.0), rtol=1e-5)
    each = tfd.RelaxedOneHotCategorical(0.8, logits=LOGITS).log_prob(tf.reshape(z, (4, 5, 2, 3)))
    np.testing.assert_allclose(q.log_prob(z), tf.reduce_sum(each, -1), rtol=1e-3, atol=1e-3)


def test_a_draw_from_noise_comes_with_its_density():
    q = Concrete(0.8, LOGITS)
    z, log_q = q.from_noise(tf.random.stateless_normal((4, 5, 6), (3, 4)))
    np.testing.assert_allclose(q.log_prob(z), log_q, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.67, 2.0])
def test_the_density_integrates_to_one(temperature):
    q = Concrete(temperature, tf.constant([[0.7, -0.2]]))
    # In t = logit(z_1), where the density falls like exp(-temperature |t|).
    t = np.linspace(-40, 40, 8001) * min(1.0, 1 / temperature)
    z = np.stack([1 / (1 + np.exp(-t)), 1 / (1 + np.exp(t))], -1)
    density = np.exp(q.log_prob(z.astype("float32"))) * z.prod(-1)
    np.testing.assert_allclose(integrate.simpson(density, x=t), 1.0, rtol=1e-4)


def test_it_can_be_sliced():
    q = Concrete(0.5, LOGITS)
    z = q.sample(4, seed=(1, 2))
    np.testing.assert_allclose(q[1].log_prob(z[:, 1]), q.log_prob(z)[:, 1], rtol=1e-5, atol=1e-5)
