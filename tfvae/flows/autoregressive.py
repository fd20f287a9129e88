"""The masked autoregressive flow."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.numerics import bounded
from tfvae.core.types import DType, Tensor
from tfvae.flows.base import Flow
from tfvae.flows.chain import Chain, Reverse
from tfvae.flows.masked import MaskedNetwork


class MAF(Flow):
    """Each entry is scaled and shifted by functions of the entries before it, in the data's direction.

    z_i = u_i exp(s_i(z_1..i-1)) + m_i(z_1..i-1);  log |det dz/du| = sum_i s_i,  |s_i| < 2

    The density (`inverse`) takes one pass, a draw (`forward`) one for each entry. The order of the entries
    is reversed between layers. It starts close to the identity, except for the order.

    Args:
        latent_dim: the dimension.
        num_layers: number of autoregressive layers.
        hidden: sizes of the hidden layers of each masked network.

    Source: Papamakarios et al. 2017, section 3.

    Example:
        >>> flow = MAF(3, num_layers=2, hidden=(8,))
        >>> u, log_det = flow.inverse(tf.zeros([5, 3]))
        >>> u.shape, log_det.shape
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
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.num_layers = integer("num_layers", num_layers)
        self.hidden = integers("hidden", hidden)
        flows = []
        for number in range(num_layers):
            if number:
                flows.append(Reverse(latent_dim, name=f"reverse_{number}", dtype=self.dtype_policy))
            flows.append(
                Autoregressive(
                    latent_dim, self.hidden, name=f"autoregressive_{number}", dtype=self.dtype_policy
                )
            )
        self.chain = Chain(flows, name="chain", dtype=self.dtype_policy)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/du|, in latent_dim passes."""
        return self.chain.forward(u)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and log |det dz/du|, in one pass."""
        return self.chain.inverse(z)


class Autoregressive(Flow):
    """One masked autoregressive layer.

    Args:
        latent_dim: the dimension.
        hidden: sizes of the hidden layers of its masked network.

    Example:
        >>> u, log_det = Autoregressive(3, hidden=(8,)).inverse(tf.zeros([5, 3]))
        >>> u.shape, log_det.shape
        (TensorShape([5, 3]), TensorShape([5]))
    """

    def __init__(
        self,
        latent_dim: int,
        hidden: tuple[int, ...] = (64, 64),
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.hidden = integers("hidden", hidden)
        self.network = MaskedNetwork(latent_dim, 2, self.hidden, name="network", dtype=self.dtype_policy)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/du|, in latent_dim passes."""
        z = tf.zeros_like(u)
        for _ in range(self.latent_dim):  # each pass makes one more entry final
            log_scale, shift = self._affine(z)
            z = u * tf.exp(log_scale) + shift
        return z, tf.reduce_sum(log_scale, -1)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return u and log |det dz/du|, in one pass."""
        log_scale, shift = self._affine(z)
        return (z - shift) * tf.exp(-log_scale), tf.reduce_sum(log_scale, -1)

    def _affine(self, z: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = tf.unstack(self.network(z), axis=-1)
        return bounded(log_scale, 2.0), shift
