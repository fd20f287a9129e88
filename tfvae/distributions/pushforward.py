"""The distribution that a bijection makes of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution

Map = Callable[[Tensor], tuple[Tensor, Tensor]]


class Pushforward(UnvalidatedDistribution):
    """z = f(u) with u from a base distribution: log p(z) = log p(u) - log |det dz/du|.

    Each direction gives the point and the log-determinant at once, so that an iterative inverse is run
    once for a density. No KL is registered for it.

    Args:
        base: distribution of u, of vectors.
        forward: from u to z and log |det dz/du|.
        inverse: from z to u and log |det dz/du|.
        name: of the distribution.

    Source: Rezende and Mohamed 2015, equation 5.

    Example:
        >>> from tfvae.flows import MAF
        >>> flow = MAF(2, hidden=(8,))
        >>> base = tfd.Independent(tfd.Normal(tf.zeros(2), tf.ones(2)), 1)
        >>> p = Pushforward(base, flow.forward, flow.inverse)
        >>> p.log_prob(p.sample(5, seed=(1, 2))).shape
        TensorShape([5])
    """

    def __init__(self, base: tfd.Distribution, forward: Map, inverse: Map, name: str = "Pushforward"):
        parameters = dict(locals())
        self._base, self._forward, self._inverse = base, forward, inverse
        super().__init__(parameters, base.reparameterization_type, base.dtype, name=name)

    @property
    def base(self) -> tfd.Distribution:
        """The distribution of u."""
        return self._base

    def _batch_shape(self) -> tf.TensorShape:
        return self._base.batch_shape

    def _batch_shape_tensor(self) -> Tensor:
        return self._base.batch_shape_tensor()

    def _event_shape(self) -> tf.TensorShape:
        return self._base.event_shape

    def _event_shape_tensor(self) -> Tensor:
        return self._base.event_shape_tensor()

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        return self._forward(self._base.sample(n, seed=seed))[0]

    def _log_prob(self, z: Tensor) -> Tensor:
        u, log_det = self._inverse(z)
        return self._base.log_prob(u) - log_det
