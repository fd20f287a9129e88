"""How many codes of a codebook are in use."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.types import Tensor


def perplexity(codes: Tensor, num_codes: int) -> Tensor:
    """Return exp(H) of the shares of the codes: num_codes for a uniform use, 1 where one code is used alone.

    Args:
        codes: int [...], in [0, num_codes).
        num_codes: number of vectors in the codebook.

    Example:
        >>> round(float(perplexity(tf.constant([[0, 3], [3, 0]]), 8)), 4)
        2.0
    """
    counts = tf.cast(tf.math.bincount(tf.reshape(codes, (-1,)), minlength=num_codes), tf.float32)
    shares = counts / tf.maximum(tf.reduce_sum(counts), 1.0)
    return tf.exp(-tf.reduce_sum(tf.math.xlogy(shares, shares)))
