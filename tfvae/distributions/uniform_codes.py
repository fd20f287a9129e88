"""The vectors of codes that are all equally probable."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class UniformCodes(UnvalidatedDistribution):
    """z, the vectors of codes of which position i has K_i, each with the same probability.

    log p(z) = -sum_i log K_i, which is minus the entropy; any z is taken to be the vectors of some codes.

    Args:
        sizes: number K_i of codes at each position.
        event_size: number of entries of z.
        name: of the distribution.

    Example:
        >>> float(UniformCodes((4, 8), 6).log_prob(tf.zeros([6])))    # -log 32
        -3.465735...
    """

    def __init__(self, sizes: tuple[int, ...], event_size: int, name: str = "UniformCodes"):
        parameters = dict(locals())
        self._log_count, self._event_size = sum(map(math.log, sizes)), event_size
        super().__init__(parameters, name=name)

    def _log_prob(self, x: Tensor) -> Tensor:
        return tf.fill(tf.shape(x)[:-1], -self._log_count)

    def _entropy(self) -> Tensor:
        return tf.constant(self._log_count, tf.float32)

    def _batch_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> Tensor:
        return tf.constant([], tf.int32)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._event_size])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([self._event_size])
