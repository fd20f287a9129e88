"""The vectors of codes, with the probabilities of the codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class CodeVectors(UnvalidatedDistribution):
    """z, the vectors of codes c in a codebook, with log p(z) = log p(c) of the codes nearest to z.

    Args:
        log_prob: function of z [..., event_size] to log p(c) of its codes, [...].
        transform: function of standard normal noise [n, noise_dim] to draws z [n, event_size].
        noise_dim: numbers of noise for one draw.
        event_size: number of entries of z.
        name: of the distribution.

    Example:
        >>> codebook = tf.constant([[0.0, 0.0], [1.0, 1.0]])
        >>> draw = lambda noise: tf.gather(codebook, tf.cast(noise[:, 0] > 0.0, tf.int32))
        >>> p = CodeVectors(lambda z: tf.fill(tf.shape(z)[:-1], tf.math.log(0.5)), draw, 1, 2)
        >>> p.prob(p.sample(3, seed=(1, 2))).numpy()
        array([0.5, 0.5, 0.5], dtype=float32)
    """

    def __init__(
        self,
        log_prob: Callable[[Tensor], Tensor],
        transform: Callable[[Tensor], Tensor],
        noise_dim: int,
        event_size: int,
        name: str = "CodeVectors",
    ):
        parameters = dict(locals())
        self._log_density, self._transform = log_prob, transform
        self._noise_dim, self._event_size = noise_dim, event_size
        super().__init__(parameters, name=name)

    def _batch_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> Tensor:
        return tf.constant([], tf.int32)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._event_size])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([self._event_size])

    def _log_prob(self, z: Tensor) -> Tensor:
        return self._log_density(z)

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        return self._transform(tfd.Normal(tf.zeros(self._noise_dim), 1.0).sample(n, seed=seed))
