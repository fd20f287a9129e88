"""The thermodynamic variational objective: a sum along the path from q(z|x) to p(z|x)."""

from __future__ import annotations

import abc

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer, is_number
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.importance_weighted import Bound, with_gradient_of


class _Path(Bound, abc.ABC):
    """A grid over beta in [0, 1]; abstract."""

    def __init__(
        self,
        num_samples: int,
        partitions: int = 5,
        smallest: float = 0.05,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(num_samples, name=name, dtype=dtype)
        self.partitions = integer("partitions", partitions)
        self.smallest = _share("smallest", smallest)

    @property
    def betas(self) -> list[float]:
        """The grid from 0 to 1, partitions + 1 numbers."""
        if self.partitions == 1:
            return [0.0, 1.0]
        return [0.0, *np.geomspace(self.smallest, 1.0, self.partitions).tolist()]

    def intervals(self) -> tuple[Tensor, Tensor]:
        """Return the left ends [P, 1, 1] and widths [P, 1] of the grid's intervals."""
        left = tf.constant(self.betas[:-1], tf.float32)[:, tf.newaxis, tf.newaxis]
        return left, tf.constant(np.diff(self.betas), tf.float32)[:, tf.newaxis]


class Thermodynamic(_Path):
    """bound = sum_k (beta_(k+1) - beta_k) sum_s v_ks log w_s,  v_ks = w_s^beta_k / sum_j w_j^beta_k, in nats.

    The left Riemann sum of log p(x) = integral from 0 to 1 of E_b[log w] db, where E_b is under the
    density proportional to q(z|x)^(1-b) p(x,z)^b, estimated by the draws' normalized weights w^b. With the
    same draws it lies between the mean of log w, to which it is equal at one partition, and
    log((1/S) sum_s w_s), to which it tends with more partitions and a smaller `smallest`: its expectation is
    a lower bound of log p(x) at any number of draws. The grid is 0, then `partitions` points that are
    evenly spaced in log beta from `smallest` to 1.

    The gradient is that of this value, through the weights and through the draws (pathwise): unbiased.

    Args:
        num_samples: S, draws from q(z|x) for each example.
        partitions: intervals of the grid.
        smallest: the first beta after 0, in (0, 1); with one partition it is not used.

    Source: Masrani et al. 2019.

    Example:
        >>> [round(beta, 3) for beta in Thermodynamic(10, partitions=3, smallest=0.01).betas]
        [0.0, 0.01, 0.1, 1.0]
    """

    def bound(self, trace: Trace) -> Tensor:
        """Return the left Riemann sum, [B]."""
        left, width = self.intervals()
        log_w = trace.log_weights
        weights = tf.nn.softmax(left * log_w, axis=1)
        return tf.reduce_sum(width * tf.reduce_sum(weights * log_w, axis=1), axis=0)


class ThermodynamicCovariance(_Path):
    """`Thermodynamic`'s value with the gradient of the paper, a covariance; z carries none.

    d E_b[log w] = E_b[d log w] + Cov_b(d log(q^(1-b) p(x,z)^b), log w)

    It takes no derivative with respect to z, only the score of q. The normalized weights make it biased
    by a share that vanishes as 1/S. The model decodes the draws twice.

    Args:
        num_samples: S, draws from q(z|x) for each example; at least 2, as one has no covariance.
        partitions: intervals of the grid.
        smallest: the first beta after 0, in (0, 1); with one partition it is not used.

    Source: Masrani et al. 2019.

    Example:
        >>> ThermodynamicCovariance(10).betas == Thermodynamic(10).betas
        True
    """

    # As in ForwardKL: a posterior without reparameterization would add a second score function.
    needs = ("has_density", "reparameterized", "explicit_density")
    fewest_samples = 2

    def bound(self, trace: Trace) -> Tensor:
        """Return the left Riemann sum, [B]."""
        return self._sum(trace)[0]

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and bound of each example, [B]."""
        z = tf.stop_gradient(trace.z)
        bound, surrogate = self._sum(model.retrace(trace, z, trace.q.log_prob(z)))
        return self.report(trace, with_gradient_of(-surrogate, -bound), bound)

    def _sum(self, trace: Trace) -> tuple[Tensor, Tensor]:
        """The value, and what has the covariance estimate for its gradient, each [B]."""
        left, width = self.intervals()
        log_w, log_joint = trace.log_weights, trace.log_x + trace.log_p
        weights = tf.stop_gradient(tf.nn.softmax(left * log_w, axis=1))
        values = tf.reduce_sum(weights * log_w, axis=1)
        path = (1.0 - left) * trace.log_q + left * log_joint
        deviation = tf.stop_gradient(log_w - values[:, tf.newaxis])
        surrogates = tf.reduce_sum(weights * (log_w + deviation * path), axis=1)
        return tuple(tf.reduce_sum(width * value, axis=0) for value in (values, surrogates))


def _share(argument: str, value: float) -> float:
    if not is_number(value) or not 0 < value < 1:
        raise InvalidInput(argument, "a number between 0 and 1", repr(value))
    return float(value)
