"""Bounds whose encoder gradient leaves out the score of q: less noise, the same expectation."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.importance_weighted import Bound, log_mean_exp, normalized_weights, with_gradient_of


class StickingTheLanding(Bound):
    """loss = -(1/S) sum_s log w_s, the ELBO, with the parameters inside log q(z|x) held fixed, in nats.

    w_s = p(x|z_s) p(z_s) / q(z_s|x; stop(params)),  z_s = transform(params, noise)

    The part left out has mean 0, so the gradient is unbiased. Where q is the exact posterior it is 0
    for every draw. With importance weights the part left out has a mean of its own, which is why several
    draws are averaged here; `DoublyReparameterized` is for the importance-weighted bound.

    Args:
        num_samples: S, draws from q(z|x) for each example.

    Source: Roeder et al. 2017.

    Example:
        >>> StickingTheLanding().needs
        ('has_density', 'reparameterized', 'explicit_density')
    """

    needs = ("has_density", "reparameterized", "explicit_density")

    def __init__(self, num_samples: int = 1, *, name: str | None = None, dtype: DType = None):
        super().__init__(num_samples, name=name, dtype=dtype)

    def bound(self, trace: Trace) -> Tensor:
        """Return the mean of log w, [B]."""
        return tf.reduce_mean(trace.log_weights, axis=0)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and bound of each example, [B]."""
        log_q = fixed_posterior(trace, model).log_prob(trace.z)
        without_score = tf.reduce_mean(trace.log_x + trace.log_p - log_q, axis=0)
        bound = self.bound(trace)
        return self.report(trace, with_gradient_of(-without_score, -bound), bound)


class DoublyReparameterized(Bound):
    """loss = -log((1/K) sum_k w_k) with the doubly reparameterized gradient, in nats; DReG.

    encoder: sum_k v_k^2 (d log w_k / dz_k) (dz_k / dparams),  v_k = w_k / sum_j w_j
    decoder and prior: sum_k v_k d log w_k, unchanged

    The gradient's mean is that of `ImportanceWeighted`; its noise does not drown it as K grows. The
    model decodes the draws twice. Parts that draw noise of their own, such as dropout, spoil it. Stratified
    draws, as those of mixtures, are rejected: the derivation needs each z_k ~ q(z|x) by itself.

    Args:
        num_samples: K, draws from q(z|x) for each example.

    Source: Tucker et al. 2019.

    Example:
        >>> DoublyReparameterized(num_samples=5).needs
        ('has_density', 'reparameterized', 'explicit_density', 'independent_draws')
    """

    needs = ("has_density", "reparameterized", "explicit_density", "independent_draws")

    def bound(self, trace: Trace) -> Tensor:
        """Return log((1/K) sum_k w_k), [B]."""
        return log_mean_exp(trace.log_weights)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and bound of each example, [B]."""
        weights = normalized_weights(trace.log_weights)
        # The same z, whose gradient is multiplied by its weight: the second of the two factors v_k.
        still = tf.stop_gradient(trace.z)
        z = still + weights[..., tf.newaxis] * (trace.z - still)
        again = model.retrace(trace, z, fixed_posterior(trace, model).log_prob(z))
        bound = self.bound(trace)
        surrogate = tf.reduce_sum(weights * again.log_weights, axis=0)
        return self.report(trace, with_gradient_of(-surrogate, -bound), bound)


def fixed_posterior(trace: Trace, model: ObjectiveModel) -> tfd.Distribution:
    """Return q(z|x), to whose parameters no gradient goes, batch shape [B]."""
    params = tf.nest.map_structure(tf.stop_gradient, trace.record["posterior"])
    return model.posterior.distribution(params)
