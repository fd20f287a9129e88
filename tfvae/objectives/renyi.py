"""The variational Renyi bound, between the ELBO and log p(x) and beyond them."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import real_number
from tfvae.core.trace import Trace
from tfvae.core.types import DType, Tensor
from tfvae.objectives.importance_weighted import Bound, log_mean_exp

_LARGEST = 1e6  # past it the weight of the largest draw is 1 in float32


class Renyi(Bound):
    """loss = -(1 / (1 - alpha)) log((1/K) sum_k w_k^(1 - alpha)), in nats.

    The bound falls with alpha: alpha = 0 is the importance-weighted bound, alpha = 1 the ELBO (as the
    mean of log w_k, the limit). For alpha < 0 the expectation under q is an upper bound of log p(x),
    of which K draws give an underestimate; `RenyiMax` is the limit of alpha to minus infinity.

    Args:
        alpha: order of the divergence, a number.
        num_samples: K, draws from q(z|x) for each example.

    Source: Li and Turner 2016, sections 3 and 4.

    Example:
        >>> Renyi(alpha=0.5, num_samples=5).terms
        ('distortion', 'rate', 'elbo', 'bound')
    """

    uses_weights_only = True

    def __init__(self, alpha: float, num_samples: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(num_samples, name=name, dtype=dtype)
        self.alpha = real_number("alpha", alpha, -_LARGEST, _LARGEST)

    def bound(self, trace: Trace) -> Tensor:
        """Return the Renyi bound, [B]."""
        order, log_w = 1.0 - self.alpha, trace.log_weights
        mean = tf.reduce_mean(log_w, axis=0)
        if order == 0:
            return mean
        # Beside the mean what is left is of the size of order, and is then divided by it: near alpha = 1
        # only expm1 and log1p keep its digits, and farther away only the usual form is safe.
        scaled = order * (log_w - mean)
        near = tf.reduce_max(tf.abs(scaled), axis=0) < 1.0
        within = tf.math.log1p(tf.reduce_mean(tf.math.expm1(tf.clip_by_value(scaled, -1.0, 1.0)), axis=0))
        return mean + tf.where(near, within, log_mean_exp(scaled)) / order


class RenyiMax(Bound):
    """loss = -max_k log w_k: of K draws the one with the largest weight is trained on, in nats.

    The limit of `Renyi` with alpha to minus infinity. No bound of log p(x) from either side: it lies
    above the importance-weighted bound of the same draws by at most log K.

    Args:
        num_samples: K, draws from q(z|x) for each example.

    Source: VR-max of Li and Turner 2016.

    Example:
        >>> RenyiMax(num_samples=5).num_samples
        5
    """

    uses_weights_only = True

    def bound(self, trace: Trace) -> Tensor:
        """Return max_k log w_k, [B]."""
        return tf.reduce_max(trace.log_weights, axis=0)
