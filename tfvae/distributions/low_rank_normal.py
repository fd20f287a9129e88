"""The Gaussian whose covariance is a diagonal one plus one of low rank."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Shape, Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class LowRankNormal(UnvalidatedDistribution):
    """N(loc, Sigma),  Sigma = diag(scale) (I + V V^T) diag(scale),  V of shape [D, rank].

    With y = (x - loc) / scale and C = I + V^T V, of shape [rank, rank],

    log det Sigma = 2 sum log scale + log det C,   (x - loc)^T Sigma^-1 (x - loc) = |y|^2 - y^T V C^-1 V^T y

    The density is computed in float64. A draw takes D + rank standard normal numbers.

    Args:
        loc: mean, [..., *event]; D is the number of elements of an event.
        scale: standard deviation of the diagonal part, [..., *event].
        ratio: V, [..., *event, rank].
        event_shape: shape of x, of any rank.
        name: of the distribution.

    Source: Murphy 2022, section 7.3 (the Woodbury identity and the matrix determinant lemma).

    Example:
        >>> p = LowRankNormal(tf.zeros([3]), tf.ones([3]), tf.ones([3, 1]), (3,))
        >>> p.variance().numpy()
        array([2., 2., 2.], dtype=float32)
    """

    def __init__(
        self,
        loc: Tensor,
        scale: Tensor,
        ratio: Tensor,
        event_shape: Shape,
        name: str = "LowRankNormal",
    ):
        parameters = dict(locals())
        self._loc, self._scale, self._ratio, self._shape = loc, scale, ratio, tuple(event_shape)
        super().__init__(parameters, tfd.FULLY_REPARAMETERIZED, name=name)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape(self._shape)

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant(self._shape)

    def _batch_shape(self) -> tf.TensorShape:
        return self._loc.shape[: -len(self._shape)]

    def _batch_shape_tensor(self) -> Tensor:
        return tf.shape(self._loc)[: -len(self._shape)]

    def _log_prob(self, x: Tensor) -> Tensor:
        # In float64: C reaches 1e6 D, of which float32 keeps no 1, and a GPU's float32 products keep less.
        loc, scale, ratio = (tf.cast(value, tf.float64) for value in (self._loc, self._scale, self._ratio))
        y = self._flat((tf.cast(x, tf.float64) - loc) / scale)
        v = tf.reshape(ratio, tf.concat([self.batch_shape_tensor(), (y.shape[-1], ratio.shape[-1])], 0))
        root = tf.linalg.cholesky(tf.eye(v.shape[-1], dtype=v.dtype) + tf.matmul(v, v, transpose_a=True))
        projected = tf.linalg.matvec(v, y, transpose_a=True)[..., tf.newaxis]
        inside = tf.linalg.triangular_solve(root, projected)[..., 0]
        distance = tf.reduce_sum(tf.square(y), -1) - tf.reduce_sum(tf.square(inside), -1)
        log_det = tf.reduce_sum(tf.math.log(self._flat(scale)), -1)
        log_det += tf.reduce_sum(tf.math.log(tf.linalg.diag_part(root)), -1)
        return tf.cast(-0.5 * distance - log_det - 0.5 * y.shape[-1] * math.log(2 * math.pi), tf.float32)

    def _flat(self, x: Tensor) -> Tensor:
        leading = tf.shape(x)[: -len(self._shape)]
        return tf.reshape(x, tf.concat([leading, (math.prod(self._shape),)], 0))

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        own, shared = tfp.random.split_seed(seed, 2)
        batch = self.batch_shape_tensor()
        own = tf.random.stateless_normal(tf.concat([[n], tf.shape(self._loc)], 0), own)
        rank = self._ratio.shape[-1]
        ones = [1] * len(self._shape)
        shared = tf.random.stateless_normal(tf.concat([[n], batch, [*ones, rank]], 0), shared)
        return self._loc + self._scale * (own + tf.reduce_sum(self._ratio * shared, -1))

    def _mean(self) -> Tensor:
        return tf.identity(self._loc)

    def _variance(self) -> Tensor:
        return tf.square(self._scale) * (1.0 + tf.reduce_sum(tf.square(self._ratio), -1))
