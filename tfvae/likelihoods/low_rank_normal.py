"""The Gaussian likelihood with a covariance of low rank beside a diagonal one."""

from __future__ import annotations

import math

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.heads import Head
from tfvae.distributions.base import BaseDistribution
from tfvae.likelihoods.base import Likelihood
from tfvae.scales import PerElement, Scale, as_scale

_LARGEST_RATIO = 1e3


class LowRankNormal(Likelihood):
    """p(x|z) = N(x; loc(z), Sigma(z)),  Sigma = diag(scale^2) + W W^T,  W(z) of shape [D, rank].

    With V = W / scale, y = (x - loc) / scale and C = I + V^T V, which is no larger than [rank, rank],

    log det Sigma = 2 sum log scale + log det C,   (x - loc)^T Sigma^-1 (x - loc) = |y|^2 - y^T V C^-1 V^T y

    So that C can always be factorized, an entry of W is held within c = 1000 times the scale of its element,
    W = raw / sqrt(1 + (raw / (c scale))^2) with raw from the network; this small algebra is in float64.

    Args:
        event_shape: shape of one example, of any rank; D is the number of its elements.
        rank: columns of W, from 1 to D.
        scale: of the independent part, a number or one of `scales`; None is `scales.PerElement()`. In the
            units of x.

    Source: Monteiro et al. 2020 (a network's low-rank covariance); the Woodbury identity and the matrix
    determinant lemma: Murphy 2022, section 7.3.

    Example:
        >>> likelihood = LowRankNormal((4, 2), rank=3)
        >>> params = likelihood(tf.ones([5, 6]))
        >>> params["raw_factor"].shape
        TensorShape([5, 4, 2, 3])
    """

    def __init__(
        self,
        event_shape: tuple[int, ...],
        rank: int,
        scale: float | Scale | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.rank = integer("rank", rank, at_most=math.prod(self.event_shape))
        self.scale = PerElement() if scale is None else as_scale("scale", scale)

    def build(self, input_shape: tuple) -> None:
        """Make the projection to location, W and, where it comes from the network, the scale."""
        channels = 1 + self.rank + self.scale.channels
        self.head = Head(self.event_shape, channels, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return "loc", "raw_factor" [B, *event, rank], and "raw_scale" where it comes from the network."""
        sizes = (1, self.rank, *[1] * self.scale.channels)
        loc, factor, *raw = tf.split(self.head(inputs), sizes, axis=-1)
        params = {"loc": loc[..., 0], "raw_factor": factor}
        return {**params, "raw_scale": raw[0][..., 0]} if raw else params

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the Gaussian, event shape `event_shape`."""
        raw = [params[name] for name in ("raw_scale",) if name in params]
        scale = tf.broadcast_to(self.scale.scale(raw), tf.shape(params["loc"]))
        ratio = params["raw_factor"] / scale[..., tf.newaxis]
        ratio *= tf.math.rsqrt(1.0 + tf.square(ratio / _LARGEST_RATIO))
        return _LowRankNormal(params["loc"], scale, ratio, self.event_shape)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location."""
        return params["loc"]


class _LowRankNormal(BaseDistribution):
    """N(loc, diag(scale) (I + V V^T) diag(scale)), V = ratio [..., *event, rank]."""

    def __init__(
        self, loc: tf.Tensor, scale: tf.Tensor, ratio: tf.Tensor, shape: tuple, name: str = "LowRankNormal"
    ):
        parameters = dict(locals())
        self._loc, self._scale, self._ratio, self._shape = loc, scale, ratio, tuple(shape)
        super().__init__(parameters, tfd.FULLY_REPARAMETERIZED, name=name)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape(self._shape)

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant(self._shape)

    def _batch_shape(self) -> tf.TensorShape:
        return self._loc.shape[: -len(self._shape)]

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self._loc)[: -len(self._shape)]

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
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

    def _flat(self, x: tf.Tensor) -> tf.Tensor:
        leading = tf.shape(x)[: -len(self._shape)]
        return tf.reshape(x, tf.concat([leading, (math.prod(self._shape),)], 0))

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        own, shared = tfp.random.split_seed(seed, 2)
        batch = self.batch_shape_tensor()
        own = tf.random.stateless_normal(tf.concat([[n], tf.shape(self._loc)], 0), own)
        rank = self._ratio.shape[-1]
        ones = [1] * len(self._shape)
        shared = tf.random.stateless_normal(tf.concat([[n], batch, [*ones, rank]], 0), shared)
        return self._loc + self._scale * (own + tf.reduce_sum(self._ratio * shared, -1))

    def _mean(self) -> tf.Tensor:
        return tf.identity(self._loc)

    def _variance(self) -> tf.Tensor:
        return tf.square(self._scale) * (1.0 + tf.reduce_sum(tf.square(self._ratio), -1))
