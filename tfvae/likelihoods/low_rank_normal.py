"""The Gaussian likelihood whose covariance is a diagonal one plus one of low rank."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.checks import integer
from tfvae.core.types import DType, Shape, Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood
from tfvae.scales import PerElement, Scale, as_scale

_LARGEST_RATIO = 1e3


class LowRankNormal(ProjectedLikelihood):
    """p(x|z) = N(x; loc(z), Sigma(z)),  Sigma = diag(scale^2) + W W^T,  W(z) of shape [D, rank].

    With V = W / scale, y = (x - loc) / scale and C = I + V^T V, which is no larger than [rank, rank],

    log det Sigma = 2 sum log scale + log det C,   (x - loc)^T Sigma^-1 (x - loc) = |y|^2 - y^T V C^-1 V^T y

    So that C can always be factorized, an entry of W is bounded by c = 1000 times the scale of its element,
    W = raw / sqrt(1 + (raw / (c scale))^2) with raw from the network; this small algebra is in float64.

    Args:
        event_shape: shape of one example, of any rank; D is the number of its elements.
        rank: columns of W, from 1 to D.
        scale: standard deviation of the independent part in the units of x, a number or one of `scales`; None
            means `scales.PerElement()`.

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
        event_shape: Shape,
        rank: int,
        scale: float | Scale | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.rank = integer("rank", rank, at_most=math.prod(self.event_shape))
        self.scale = PerElement() if scale is None else as_scale("scale", scale)

    @property
    def channels(self) -> int:
        """One for the location, `rank` for W, and those of the scale that come from the network."""
        return 1 + self.rank + self.scale.channels

    def parameters(self, raw: Tensor) -> Tensors:
        """Return "loc", "raw_factor" [B, *event, rank], and "raw_scale" where it comes from the network."""
        sizes = (1, self.rank, *[1] * self.scale.channels)
        loc, factor, *raw_scale = tf.split(raw, sizes, axis=-1)
        params = {"loc": loc[..., 0], "raw_factor": factor}
        return {**params, "raw_scale": raw_scale[0][..., 0]} if raw_scale else params

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the Gaussian, event shape `event_shape`."""
        raw = [params[name] for name in ("raw_scale",) if name in params]
        scale = tf.broadcast_to(self.scale.scale(raw), tf.shape(params["loc"]))
        ratio = params["raw_factor"] / scale[..., tf.newaxis]
        ratio *= tf.math.rsqrt(1.0 + tf.square(ratio / _LARGEST_RATIO))
        return distributions.LowRankNormal(params["loc"], scale, ratio, self.event_shape)

    def mean(self, params: Tensors) -> Tensor:
        """Return the location."""
        return params["loc"]
