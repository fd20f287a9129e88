"""Draws from categorical distributions as functions of standard normal noise."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor

_BELOW_ONE = 1.0 - 1e-6


def gumbel_from_normal(noise: Tensor) -> Tensor:
    """Return standard Gumbel numbers -log(-log u), u the normal CDF of the noise, exact in both tails.

    Args:
        noise: standard normal, [...].

    Example:
        >>> gumbel_from_normal(tf.constant([0.0])).numpy().round(4)    # -log(log 2)
        array([0.3665], dtype=float32)
    """
    return -tf.math.log(-tfd.Normal(0.0, 1.0).log_cdf(noise))


def draw_categorical(logits: Tensor, noise: Tensor) -> Tensor:
    """Draw from categorical distributions.

    index = number of k < K with w_1 + ... + w_k < Phi(noise),  w = softmax(logits), Phi the normal CDF

    Args:
        logits: unnormalized log probabilities, [..., K].
        noise: standard normal, broadcast against [...].

    Returns:
        The categories, int32 in [0, K).

    Example:
        >>> draw_categorical(tf.zeros([3]), tf.constant([-1.0, 0.0, 1.0])).numpy()
        array([0, 1, 2], dtype=int32)
    """
    # Compared on the scale of the noise, which keeps its tails, leaves nothing to clip and for fixed
    # weights costs no special function in an export. The last edge is left out, so that a rounded sum
    # cannot lead past the last index.
    edges = tf.math.ndtri(tf.minimum(tf.cumsum(tf.nn.softmax(logits), axis=-1)[..., :-1], 1.0))
    return tf.reduce_sum(tf.cast(noise[..., tf.newaxis] > edges, tf.int32), axis=-1)


def draw_stratified(weights: Tensor, noise: Tensor) -> Tensor:
    """Draw S of K categories in proportion to their weights, with as little variance as there can be.

    With u uniform in [0, 1), the s-th draw is the category in which (s + u) / S falls when the weights are
    laid end to end. S = K equal weights give each category once.

    Args:
        weights: [B, K], which sum to 1.
        noise: standard normal [S, B] or [S, 1], of which the first row alone is used.

    Returns:
        The categories, one-hot, [S, B, K].

    Example:
        >>> draw_stratified(tf.constant([[0.5, 0.0, 0.5]]), tf.zeros([2, 1])).numpy()[:, 0]
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    count = tf.cast(tf.shape(noise)[0], tf.float32)
    uniform = tfd.Normal(0.0, 1.0).cdf(noise[:1])
    steps = (tf.range(count)[:, tf.newaxis] + uniform) / count
    edges = tf.cumsum(weights, axis=-1)
    edges /= edges[:, -1:]  # exactly 1 from the last possible category on, which no step reaches
    steps = tf.minimum(steps, _BELOW_ONE)[..., tf.newaxis]
    passed = tf.reduce_sum(tf.cast(steps >= edges, tf.int32), axis=-1)
    return tf.one_hot(passed, weights.shape[-1])
