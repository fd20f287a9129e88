"""One-hot variables as one vector against TFP's, row by row."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.distributions import OneHotRows

LOGITS = tf.random.stateless_normal((5, 2, 3), (1, 2))


def test_the_density_is_the_product_of_the_rows():
    q, rows = OneHotRows(LOGITS), tfd.OneHotCategorical(logits=LOGITS, dtype=tf.float32)
    z = q.sample(4, seed=(1, 2))
    assert (q.batch_shape, q.event_shape, z.shape) == ((5,), (6,), (4, 5, 6))
    each = rows.log_prob(tf.reshape(z, (4, 5, 2, 3)))
    np.testing.assert_allclose(q.log_prob(z), tf.reduce_sum(each, -1), rtol=1e-5)
    np.testing.assert_allclose(q.mean(), tf.reshape(rows.mean(), (5, 6)), rtol=1e-6)
    np.testing.assert_array_equal(q.mode(), tf.reshape(rows.mode(), (5, 6)))


def test_the_kl_divergence_is_the_sum_over_the_rows():
    p = OneHotRows(tf.zeros((2, 3)))
    probabilities = tf.nn.softmax(LOGITS).numpy().astype("float64")
    expected = (probabilities * np.log(3 * probabilities)).sum((1, 2))
    np.testing.assert_allclose(tfd.kl_divergence(OneHotRows(LOGITS), p), expected, rtol=1e-5)


def test_it_can_be_sliced():
    q = OneHotRows(LOGITS)
    z = q.sample(4, seed=(1, 2))
    np.testing.assert_allclose(q[1].log_prob(z[:, 1]), q.log_prob(z)[:, 1], rtol=1e-6)
