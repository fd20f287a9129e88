"""Sequences of flows."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor
from tfvae.flows.base import Flow


class Chain(Flow):
    """z = f_K(... f_2(f_1(u)));  log |det dz/du| = sum_k log |det f_k'|.

    Args:
        flows: f_1, ..., f_K, of one latent_dim.

    Source: Rezende and Mohamed 2015, equations 6 and 7.

    Example:
        >>> z, log_det = Chain([Reverse(3), Reverse(3)]).forward(tf.constant([1.0, 2.0, 3.0]))
        >>> z.numpy(), float(log_det)
        (array([1., 2., 3.], dtype=float32), 0.0)
    """

    def __init__(self, flows: Sequence[Flow], *, name: str | None = None, dtype: DType = None):
        dims = [flow.latent_dim if isinstance(flow, Flow) else None for flow in flows]
        if not dims or None in dims or len(set(dims)) > 1:
            raise InvalidInput("flows", "one or more flows of one latent_dim", dims)
        super().__init__(flows[0].latent_dim, name=name, dtype=dtype)
        self.flows = list(flows)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/du|."""
        log_det = tf.zeros(tf.shape(u)[:-1])
        for flow in self.flows:
            u, more = flow.forward(u)
            log_det += more
        return u, log_det

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and log |det dz/du|."""
        log_det = tf.zeros(tf.shape(z)[:-1])
        for flow in reversed(self.flows):
            z, more = flow.inverse(z)
            log_det += more
        return z, log_det


class Reverse(Flow):
    """The same numbers in the opposite order; log |det| = 0.

    Args:
        latent_dim: the dimension.

    Example:
        >>> Reverse(3).forward(tf.constant([1.0, 2.0, 3.0]))[0].numpy()
        array([3., 2., 1.], dtype=float32)
    """

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(latent_dim, name=name, dtype=dtype)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return u in the opposite order, and 0."""
        return tf.reverse(u, [-1]), tf.zeros(tf.shape(u)[:-1])

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return z in the opposite order, and 0."""
        return self.forward(z)
