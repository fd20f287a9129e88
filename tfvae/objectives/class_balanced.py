"""Ones and zeros that weigh the same, for data with few ones."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.likelihoods import Support
from tfvae.objectives.base import Objective, WrappedObjective
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.reconstruction import Reconstruction

_INDEPENDENT = tfd.Independent.__mro__[1]  # also of distributions that are no composite tensors


class ClassBalanced(WrappedObjective):
    """loss = another objective's loss - distortion + balanced distortion, in nats.

    balanced distortion = -E_q sum_i w_i log p(x_i|z),  w_i = n / (2 n_1) where x_i = 1, n / (2 n_0) where 0

    with n = n_0 + n_1 the observed elements of an example: its ones weigh as much as its zeros. An
    adjacency matrix of a sparse graph has a thousand zeros for each one. The balanced distortion is minus
    the logarithm of no density; the other objective's terms, `elbo` among them, stay what they are.

    Args:
        objective: `ELBO` or `Reconstruction`, of which the distortion is a summand; None is `ELBO()`.

    Raises:
        InvalidInput: for other objectives, and where a model's x is not of independent zeros and ones.

    Source: Kipf and Welling 2016 (variational graph autoencoders), section 1, which re-weights the ones.

    Example:
        >>> ClassBalanced().terms
        ('distortion', 'rate', 'elbo', 'balanced_distortion')
    """

    def __init__(self, objective: Objective | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(ELBO() if objective is None else objective, name=name, dtype=dtype)
        if not isinstance(self.objective, ELBO | Reconstruction):
            raise InvalidInput(
                "objective", "ELBO or Reconstruction, sums with the distortion", repr(objective)
            )

    @property
    def terms(self) -> tuple[str, ...]:
        """The other objective's terms, and the balanced distortion."""
        return (*self.objective.terms, "balanced_distortion")

    def check(self, model: ObjectiveModel) -> None:
        """Reject what the other objective rejects, and data that are not zeros and ones."""
        super().check(model)
        support = model.likelihood.support
        if not isinstance(support, Support) or (support.integer, support.low, support.high) != (True, 0, 1):
            self._reject(model, "whose x is not of zeros and ones")

    def prepare(self, model: Any) -> None:
        """Make the other objective's weights; reject elements that depend on each other."""
        super().prepare(model)
        px = model.likelihood.distribution(model.likelihood(model.decoder(tf.zeros((1, model.latent_dim)))))
        if not isinstance(px, _INDEPENDENT) or px.distribution.event_shape.rank != 0:
            self._reject(model, "whose elements depend on each other")

    def _reject(self, model: ObjectiveModel, reason: str) -> None:
        raise InvalidInput(
            "objective",
            f"one that goes with the likelihood {type(model.likelihood).__name__}, {reason}",
            f"{type(self).__name__}, which weighs ones and zeros",
        )

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the other objective's terms and the balanced distortion, [B]."""
        terms = self.objective.loss(trace, model)
        balanced = -tf.reduce_mean(
            _over_event(balance(trace.x) * trace.px.distribution.log_prob(trace.x), 2), 0
        )
        return {
            **terms,
            "loss": terms["loss"] - trace.distortion + balanced,
            "balanced_distortion": balanced,
        }


def balance(x: Tensor) -> Tensor:
    """Return a weight for each element of zeros and ones [B, *event]; their sum over the ones is half of all.

    NaN, for an element that is missing, has weight 0. An example without ones, or without zeros, has the
    weight 1/2 everywhere.

    Example:
        >>> balance(tf.constant([[1.0, 0.0, 0.0, 0.0]])).numpy().round(3)
        array([[2.   , 0.667, 0.667, 0.667]], dtype=float32)
    """
    ones, zeros = tf.cast(x == 1, tf.float32), tf.cast(x == 0, tf.float32)
    counts = [_over_event(marked, 1, keepdims=True) for marked in (ones, zeros)]
    half = 0.5 * (counts[0] + counts[1])
    return ones * tf.math.divide_no_nan(half, counts[0]) + zeros * tf.math.divide_no_nan(half, counts[1])


def _over_event(values: Tensor, leading: int, keepdims: bool = False) -> Tensor:
    return tf.reduce_sum(values, axis=list(range(leading, values.shape.rank)), keepdims=keepdims)
