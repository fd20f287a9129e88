"""How many codes of a codebook are in use."""

import numpy as np
import tensorflow as tf

from tfvae.posteriors import perplexity


def test_perplexity_counts_codes_in_use():
    np.testing.assert_allclose(perplexity(tf.constant([[0, 1], [2, 3]]), 4), 4.0, rtol=1e-6)
    np.testing.assert_allclose(perplexity(tf.constant([5, 5, 5]), 9), 1.0, rtol=1e-6)
    shares = np.array([0.5, 0.25, 0.25])
    expected = np.exp(-(shares * np.log(shares)).sum())
    np.testing.assert_allclose(perplexity(tf.constant([0, 0, 1, 2]), 3), expected, rtol=1e-6)
