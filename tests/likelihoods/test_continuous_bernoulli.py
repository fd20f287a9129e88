"""The continuous Bernoulli likelihood: an independent density for each element, and its mean."""

import numpy as np
import tensorflow as tf

from tfvae import distributions
from tfvae.likelihoods import ContinuousBernoulli

LOGITS = tf.constant([[3.0, -90.0, 0.0], [1e-3, 20.0, -0.5]])


def test_the_density_is_the_product_over_the_elements():
    x = np.float32([[0.0, 0.3, 1.0], [0.7, 0.99, 0.5]])
    received = ContinuousBernoulli((3,)).distribution({"logits": LOGITS}).log_prob(x)
    expected = tf.reduce_sum(distributions.ContinuousBernoulli(LOGITS).log_prob(x), -1)
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_the_mean_is_that_of_the_density_and_no_sigmoid():
    mean = ContinuousBernoulli((3,)).mean({"logits": LOGITS})
    np.testing.assert_array_equal(mean, distributions.ContinuousBernoulli(LOGITS).mean())
    assert float(mean[0, 0]) < 0.75 < float(tf.sigmoid(3.0))
