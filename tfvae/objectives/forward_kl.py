"""Wake-phase training: the encoder learns from the model's posterior, not from the bound."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import ObjectiveModel, Tensor, Tensors
from tfvae.objectives.importance_weighted import Bound, log_mean_exp, normalized_weights, with_gradient_of


class ForwardKL(Bound):
    """Reweighted wake-sleep, both updates in the wake phase; z carries no gradient.

    decoder and prior: climb log((1/K) sum_k w_k)
    encoder: descends KL(p(z|x) || q(z|x)), estimated by -sum_k v_k log q(z_k|x),  v_k = w_k / sum_j w_j

    The value of the loss is the negative importance-weighted bound; the encoder's own objective is the
    term `forward_kl`, sum_k v_k log(K v_k), which estimates KL(p(z|x) || q(z|x)) and is at most log K.
    The normalized weights make the encoder's gradient biased by a share that vanishes as 1/K. Weights
    of the encoder that the prior is made of climb the bound there. The model decodes the draws twice.

    Args:
        num_samples: K, draws from q(z|x) for each example; at least 2, as the weight of a single draw is
            always 1.

    Source: Bornschein and Bengio 2015; the wake-wake form of Le et al. 2019.

    Example:
        >>> ForwardKL(num_samples=10).terms
        ('distortion', 'rate', 'elbo', 'bound', 'forward_kl')
    """

    terms = (*Bound.terms, "forward_kl")
    # Its gradient asks no reparameterization, but a posterior without one adds a score function of its
    # own, for the gradient of an expectation under q, which this is not.
    needs = ("has_density", "reparameterized", "explicit_density")
    fewest_samples = 2

    def bound(self, trace: Trace) -> Tensor:
        """Return log((1/K) sum_k w_k), [B]."""
        return log_mean_exp(trace.log_weights)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO, bound and forward KL of each example, [B]."""
        z = tf.stop_gradient(trace.z)
        log_q = trace.q.log_prob(z)
        again = model.retrace(trace, z, tf.stop_gradient(log_q))
        bound = self.bound(again)
        weights = normalized_weights(again.log_weights)
        encoder = -tf.reduce_sum(weights * log_q, axis=0)
        forward_kl = tf.reduce_sum(weights * again.log_weights, axis=0) - bound
        report = self.report(trace, with_gradient_of(encoder - bound, -bound), bound)
        return {**report, "forward_kl": forward_kl}
