"""The posterior of inverse autoregressive flows."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, integers
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.flows.masked import MaskedNetwork
from tfvae.posteriors.flow import FlowPosterior

_OPEN = 1.5  # the gates start mostly open, close to the identity
_WIDEST = 4.0


class InverseAutoregressive(FlowPosterior):
    """A diagonal Gaussian whose entries are mixed, step by step, with functions of the entries before.

    z_k = g z_k-1 + (1 - g) m,  g = sigmoid(s),  (m, s) = masked network of (z_k-1, context(x))
    log |det dz_k/dz_k-1| = sum_i log g_i;  -2.5 < s < 5.5

    The order of the entries is reversed between steps. A draw and its density take one pass for each
    step; the density at another point takes latent_dim passes for each.

    Args:
        latent_dim: number of latent dimensions.
        num_flows: number of steps.
        hidden: sizes of the hidden layers of each masked network.
        context_dim: size of the projection of the encoder's features that the networks take.
        floor: smallest scale of the Gaussian.

    Source: Kingma et al. 2016, section 4 and algorithm 1.

    Example:
        >>> posterior = InverseAutoregressive(3, num_flows=2, hidden=(8,), context_dim=4)
        >>> q = posterior.distribution(posterior(tf.ones([5, 3])))
        >>> q.log_prob(q.sample(7, seed=(1, 2))).shape
        TensorShape([7, 5])
    """

    explicit_density = False  # it depends on the masked networks' weights

    def __init__(
        self,
        latent_dim: int,
        num_flows: int = 2,
        hidden: tuple[int, ...] = (64, 64),
        context_dim: int = 32,
        floor: float = 1e-4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(latent_dim, num_flows, floor, name=name, dtype=dtype)
        self.hidden = integers("hidden", hidden)
        self.context_dim = integer("context_dim", context_dim)
        self.networks = [
            MaskedNetwork(
                latent_dim, 2, self.hidden, context_dim, name=f"network_{step}", dtype=self.dtype_policy
            )
            for step in range(num_flows)
        ]

    def flow_head(self) -> Head:
        """Return the projection to the context."""
        return Head((self.context_dim,), 1, name="steps_head", dtype=self.dtype_policy)

    def flow_params(self, raw: Tensor) -> Tensors:
        """Return {"context"}, [B, context_dim]."""
        return {"context": raw[..., 0]}

    def forward(self, params: Tensors, start: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/dz_0|."""
        z, log_det = start, 0.0
        for step, network in enumerate(self.networks):
            z = tf.reverse(z, [-1]) if step else z
            pull, opening = _gate(network, z, params["context"])
            gate = tf.sigmoid(opening)
            z = gate * z + (1.0 - gate) * pull
            log_det += tf.reduce_sum(tf.math.log(gate), -1)
        return z, log_det

    def inverse(self, params: Tensors, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_0 and log |det dz/dz_0|."""
        log_det = 0.0
        for step, network in reversed(list(enumerate(self.networks))):
            before = tf.zeros_like(z)
            for _ in range(self.latent_dim):  # each pass makes one more entry final
                pull, opening = _gate(network, before, params["context"])
                gate = tf.sigmoid(opening)
                before = (z - (1.0 - gate) * pull) / gate
            z = tf.reverse(before, [-1]) if step else before
            log_det += tf.reduce_sum(tf.math.log(gate), -1)
        return z, log_det


def _gate(network: MaskedNetwork, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
    pull, raw = tf.unstack(network(z, context), axis=-1)
    return pull, _OPEN + bounded(raw, _WIDEST)
