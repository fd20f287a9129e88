"""Bounds made of importance weights, and the first of them: the importance-weighted bound."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective


class Bound(Objective, abc.ABC):
    """loss = -bound, where the bound is a function of the draws' importance weights; abstract.

    w_k = p(x|z_k) p(z_k) / q(z_k|x),  z_k ~ q(z|x),  k = 1..K

    The term `bound` is what is maximized; `distortion`, `rate` and `elbo` are those of the plain bound,
    comparable with any other objective's.

    Args:
        num_samples: K, draws from q(z|x) for each example.

    Attributes:
        fewest_samples: smallest K with which the objective makes sense.
    """

    terms = ("distortion", "rate", "elbo", "bound")
    needs = ("has_density",)
    fewest_samples = 1

    def __init__(self, num_samples: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.num_samples = integer("num_samples", num_samples, self.fewest_samples)

    @abc.abstractmethod
    def bound(self, trace: Trace) -> Tensor:
        """Return the bound of each example, [B] nats."""

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and bound of each example, [B]."""
        bound = self.bound(trace)
        return self.report(trace, -bound, bound)

    def report(self, trace: Trace, loss: Tensor, bound: Tensor) -> Tensors:
        """Return the loss and the terms that every bound shows, [B]."""
        return {
            "loss": loss,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "bound": bound,
        }


class ImportanceWeighted(Bound):
    """loss = -log((1/K) sum_k w_k),  w_k = p(x|z_k) p(z_k) / q(z_k|x),  in nats.

    K = 1 is the ELBO with its rate estimated by the one draw. In expectation the bound rises with K, to
    log p(x). The more draws, the noisier the encoder's gradient is beside its size;
    `DoublyReparameterized` has the same bound without that.

    Args:
        num_samples: K, draws from q(z|x) for each example.

    Source: Burda et al. 2016, equation 8.

    Example:
        >>> ImportanceWeighted(num_samples=5).terms
        ('distortion', 'rate', 'elbo', 'bound')
    """

    uses_weights_only = True

    def bound(self, trace: Trace) -> Tensor:
        """Return log((1/K) sum_k w_k), [B]."""
        return log_mean_exp(trace.log_weights)


def log_mean_exp(log_w: Tensor) -> Tensor:
    """Return the logarithm of the mean of exp(log_w) over axis 0.

    Example:
        >>> log_mean_exp(tf.constant([[1000.0, 0.0], [1000.0, 0.0]])).numpy()
        array([1000.,    0.], dtype=float32)
    """
    count = tf.cast(tf.shape(log_w)[0], log_w.dtype)
    return tf.reduce_logsumexp(log_w, axis=0) - tf.math.log(count)


def normalized_weights(log_w: Tensor) -> Tensor:
    """Return w_k / sum_j w_j over axis 0, through which no gradient goes."""
    return tf.stop_gradient(tf.nn.softmax(log_w, axis=0))


def with_gradient_of(surrogate: Tensor, value: Tensor) -> Tensor:
    """Return `value` with the gradient of `surrogate`.

    Example:
        >>> x = tf.constant(3.0)
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = with_gradient_of(x**2, 5.0 * x)
        >>> float(y), float(tape.gradient(y, x))
        (15.0, 6.0)
    """
    return tf.stop_gradient(value) + (surrogate - tf.stop_gradient(surrogate))
