"""Mixtures of diagonal Gaussians."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor


def normal_mixture(logits: Tensor, loc: Tensor, scale: Tensor) -> tfd.MixtureSameFamily:
    """Return the mixture sum_k w_k N(z; loc_k, diag(scale_k^2)),  w = softmax(logits).

    Args:
        logits: [..., K].
        loc: [..., K, D].
        scale: [..., K, D].

    Example:
        >>> float(normal_mixture(tf.zeros([2]), tf.zeros([2, 1]), tf.ones([2, 1])).log_prob([0.0]))
        -0.918938...
    """
    return tfd.MixtureSameFamily(
        tfd.Categorical(logits=logits), tfd.Independent(tfd.Normal(loc, scale), 1), name="NormalMixture"
    )


def component_log_joint(logits: Tensor, loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    """Return log(w_k N(z; loc_k, diag(scale_k^2))) of each component, [..., K].

    Their log-sum-exp over k is the log density of the mixture, their softmax the responsibilities.

    Args:
        logits: [..., K].
        loc: [..., K, D].
        scale: [..., K, D].
        z: [..., D].

    Example:
        >>> parameters = tf.zeros([2]), tf.constant([[0.0], [9.0]]), tf.ones([2, 1])
        >>> tf.nn.softmax(component_log_joint(*parameters, tf.constant([4.5]))).numpy()
        array([0.5, 0.5], dtype=float32)
    """
    distances = (z[..., tf.newaxis, :] - loc) / scale
    terms = 0.5 * tf.square(distances) + tf.math.log(scale) + 0.5 * math.log(2 * math.pi)
    return tf.nn.log_softmax(logits) - tf.reduce_sum(terms, axis=-1)
