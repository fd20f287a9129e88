"""The flow of affine coupling layers."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.numerics import bounded
from tfvae.core.types import DType, Tensor
from tfvae.flows.base import Flow
from tfvae.flows.chain import Chain
from tfvae.flows.perceptron import TanhPerceptron


class RealNVP(Flow):
    """Layers that scale and shift one half of the entries by functions of the other half, alternately.

    z_a = u_a;  z_b = u_b exp(s(u_a)) + t(u_a);  log |det dz/du| = sum s(u_a),  |s| < 2

    Both directions take one pass. It starts close to the identity.

    Args:
        latent_dim: the dimension, at least 2.
        num_layers: number of coupling layers, at least 2 so that every entry is changed.
        hidden: sizes of the hidden layers, tanh, of each coupling layer's network.

    Source: Dinh et al. 2017, equations 4 to 8.

    Example:
        >>> flow = RealNVP(3, hidden=(8,))
        >>> z, log_det = flow.forward(tf.zeros([5, 3]))
        >>> z.shape, log_det.shape
        (TensorShape([5, 3]), TensorShape([5]))
    """

    def __init__(
        self,
        latent_dim: int,
        num_layers: int = 4,
        hidden: tuple[int, ...] = (64, 64),
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(integer("latent_dim", latent_dim, at_least=2), name=name, dtype=dtype)
        self.num_layers = integer("num_layers", num_layers, at_least=2)
        self.hidden = integers("hidden", hidden)
        policy = self.dtype_policy
        layers = [
            Coupling(latent_dim, bool(number % 2), self.hidden, name=f"coupling_{number}", dtype=policy)
            for number in range(num_layers)
        ]
        self.chain = Chain(layers, name="chain", dtype=policy)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/du|, in one pass."""
        return self.chain.forward(u)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and log |det dz/du|, in one pass."""
        return self.chain.inverse(z)


class Coupling(Flow):
    """One affine coupling layer.

    Args:
        latent_dim: the dimension, at least 2.
        keep_last: whether the last half is kept and the first is changed, instead of the reverse.
        hidden: sizes of the hidden layers, tanh.

    Example:
        >>> Coupling(3, hidden=(8,)).forward(tf.ones([5, 3]))[0][:, :1].numpy()[0]    # kept
        array([1.], dtype=float32)
    """

    def __init__(
        self,
        latent_dim: int,
        keep_last: bool = False,
        hidden: tuple[int, ...] = (64, 64),
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(integer("latent_dim", latent_dim, at_least=2), name=name, dtype=dtype)
        self.keep_last = keep_last
        self.hidden = integers("hidden", hidden)
        first = latent_dim // 2
        self._sizes = (first, latent_dim - first)
        kept, changed = reversed(self._sizes) if keep_last else self._sizes
        self.network = TanhPerceptron(kept, 2 * changed, self.hidden, name="network", dtype=self.dtype_policy)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/du|."""
        kept, changed = self._split(u)
        log_scale, shift = self._affine(kept)
        return self._join(kept, changed * tf.exp(log_scale) + shift), tf.reduce_sum(log_scale, -1)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and log |det dz/du|."""
        kept, changed = self._split(z)
        log_scale, shift = self._affine(kept)
        return self._join(kept, (changed - shift) * tf.exp(-log_scale)), tf.reduce_sum(log_scale, -1)

    def _split(self, value: Tensor) -> tuple[Tensor, Tensor]:
        first, last = tf.split(value, self._sizes, axis=-1)
        return (last, first) if self.keep_last else (first, last)

    def _join(self, kept: Tensor, changed: Tensor) -> Tensor:
        return tf.concat([changed, kept] if self.keep_last else [kept, changed], -1)

    def _affine(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = tf.split(self.network(kept), 2, axis=-1)
        return bounded(log_scale, 2.0), shift
