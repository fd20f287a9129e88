"""Training that leaves out what fits worst, for data that hold anomalies."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective, WrappedObjective


class Trimmed(WrappedObjective):
    """loss = another objective's loss, without the share of the batch in which it is largest.

    loss_b = l_b n / (n - m) where l_b is among the n - m smallest, else 0;  m = floor(share n)

    whose batch mean is the mean of the losses that are left. Which they are is decided on the whole batch,
    also across replicas. The other objective's terms are those of all examples. At each step other
    examples may be left out: those the model finds improbable at the time.

    Args:
        objective: the other objective.
        share: of the batch that is left out, at least 0 and below 1.

    Source: least trimmed squares, Rousseeuw 1984; for deep models Shen and Sanghavi 2019, algorithm 2.

    Example:
        >>> from tfvae.objectives import ELBO
        >>> Trimmed(ELBO(), share=0.1).terms
        ('distortion', 'rate', 'elbo')
    """

    def __init__(self, objective: Objective, share: float, *, name: str | None = None, dtype: DType = None):
        super().__init__(objective, name=name, dtype=dtype)
        self.share = real_number("share", share, at_least=0)
        if self.share >= 1:
            raise InvalidInput("share", "a number of at least 0 and below 1", share)

    @property
    def uses_weights_only(self) -> bool:
        """What the other objective says."""
        return self.objective.uses_weights_only

    @property
    def requires_complete_data(self) -> bool:
        """What the other objective says."""
        return self.objective.requires_complete_data

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, 0 for what is left out, and the other objective's terms, [B]."""
        terms = self.objective.loss(trace, model)
        return {**terms, "loss": trimmed(terms["loss"], self.share)}


def trimmed(loss: Tensor, share: float) -> Tensor:
    """Return the loss [B] with the largest `share` of the whole batch set to 0, and the others scaled up.

    Example:
        >>> trimmed(tf.constant([1.0, 9.0, 2.0, 3.0]), 0.25).numpy()    # the mean is (1 + 2 + 3) / 3
        array([1.3333334, 0.       , 2.6666667, 4.       ], dtype=float32)
    """
    whole = tf.sort(all_gather(tf.stop_gradient(loss)))
    count = tf.shape(whole)[0]
    left = count - tf.cast(tf.floor(share * tf.cast(count, tf.float32) + 1e-4), tf.int32)
    largest = whole[tf.maximum(left - 1, 0)]
    kept = tf.cast(loss <= largest, loss.dtype)  # of equal losses all are kept
    total = tf.reduce_sum(tf.cast(whole <= largest, loss.dtype))
    return tf.where(kept > 0, loss, 0.0) * tf.cast(count, loss.dtype) / total
