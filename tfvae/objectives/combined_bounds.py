"""Bounds that mix the ELBO and the importance-weighted bound, and give the encoder a clearer gradient."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import integer, real_number
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.importance_weighted import Bound, log_mean_exp, with_gradient_of


class CombinedImportanceWeighted(Bound):
    """bound = beta ELBO + (1 - beta) log((1/K) sum_k w_k), in nats; CIWAE.

    beta = 1 is the ELBO, beta = 0 the importance-weighted bound.

    Args:
        beta: share of the ELBO, in [0, 1].
        num_samples: K, draws from q(z|x) for each example.

    Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better".

    Example:
        >>> CombinedImportanceWeighted(beta=0.5, num_samples=8).beta
        0.5
    """

    uses_weights_only = True

    def __init__(self, beta: float, num_samples: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(num_samples, name=name, dtype=dtype)
        self.beta = real_number("beta", beta, 0, 1)

    def bound(self, trace: Trace) -> Tensor:
        """Return beta ELBO + (1 - beta) IW, [B]."""
        return self.beta * trace.elbo + (1.0 - self.beta) * log_mean_exp(trace.log_weights)


class _Grouped(Bound, abc.ABC):
    """M groups of K draws; abstract."""

    def __init__(self, num_means: int, draws_per_mean: int, *, name: str | None = None, dtype: DType = None):
        num_means = integer("num_means", num_means)
        draws_per_mean = integer("draws_per_mean", draws_per_mean)
        super().__init__(num_means * draws_per_mean, name=name, dtype=dtype)
        self.num_means = num_means
        self.draws_per_mean = draws_per_mean

    def mean_of_bounds(self, log_w: Tensor) -> Tensor:
        """Return (1/M) sum_m log((1/K) sum_k w_mk), [B], for log_w [M K, B]."""
        grouped = tf.reshape(log_w, (self.draws_per_mean, -1, tf.shape(log_w)[1]))
        return tf.reduce_mean(log_mean_exp(grouped), axis=0)


class MultiplyImportanceWeighted(_Grouped):
    """bound = (1/M) sum_m log((1/K) sum_k w_mk), in nats; the MIWAE of Rainforth et al.

    The mean of M importance-weighted bounds of K draws each: M = 1 is the importance-weighted bound, K = 1
    the ELBO as the mean of log w. (Missing data have another model of the name MIWAE.)

    Args:
        num_means: M, bounds that are averaged.
        draws_per_mean: K, draws from q(z|x) in each of them; M K draws for each example in all.

    Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better".

    Example:
        >>> MultiplyImportanceWeighted(num_means=4, draws_per_mean=8).num_samples
        32
    """

    uses_weights_only = True

    def bound(self, trace: Trace) -> Tensor:
        """Return the mean of the M bounds, [B]."""
        return self.mean_of_bounds(trace.log_weights)


class PartiallyImportanceWeighted(_Grouped):
    """PIWAE: decoder and prior climb the bound of all M K draws, the encoder the mean of M bounds of K.

    value = log((1/MK) sum_mk w_mk);  encoder: gradient of (1/M) sum_m log((1/K) sum_k w_mk)

    The tightest bound for the model, a gradient with less noise for the encoder. Weights of the encoder
    that the prior is made of count as the prior's there. The model decodes the draws twice.

    Args:
        num_means: M, bounds that are averaged for the encoder.
        draws_per_mean: K, draws from q(z|x) in each of them; M K draws for each example in all.

    Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better".

    Example:
        >>> PartiallyImportanceWeighted(num_means=4, draws_per_mean=8).num_samples
        32
    """

    needs = ("has_density", "reparameterized")

    def bound(self, trace: Trace) -> Tensor:
        """Return the bound of all draws, [B]."""
        return log_mean_exp(trace.log_weights)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and bound of each example, [B]."""
        # With z and log q stopped only the model's gradient is left: what the encoder's bound gives to
        # the model is taken off it, so that only what it gives to the encoder remains.
        model_only = model.retrace(trace, tf.stop_gradient(trace.z), tf.stop_gradient(trace.log_q))
        encoder = self.mean_of_bounds(trace.log_weights) - self.mean_of_bounds(model_only.log_weights)
        bound = self.bound(model_only)
        return self.report(trace, with_gradient_of(-(bound + encoder), -bound), bound)
