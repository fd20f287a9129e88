"""Slow features: a code of a sequence that changes little from step to step."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor
from tfvae.objectives.base import Objective
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.penalties import Penalized
from tfvae.schedules import Schedule


class SlowFeatures(Penalized):
    """penalty = (1/(T - 1)) sum_t |z_{t+1} - z_t|^2, for a code z = (z_1, ..., z_T) of a sequence.

    The code is read as T steps of latent_dim / T numbers, the first step's first. What keeps it from
    standing still is the objective that the penalty is added to.

    Args:
        steps: T, the steps of the code; at least 2, and a divisor of latent_dim.
        weight: of the penalty, a number or a schedule.
        objective: what it is added to; None is `ELBO()`.

    Source: the slowness of Wiskott and Sejnowski 2002, as a penalty.

    Example:
        >>> SlowFeatures(steps=10, weight=0.5).terms
        ('distortion', 'rate', 'elbo', 'penalty')
    """

    def __init__(
        self,
        steps: int,
        weight: float | Schedule = 1.0,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(weight, ELBO() if objective is None else objective, name=name, dtype=dtype)
        self.steps = integer("steps", steps, 2)

    @property
    def uses_weights_only(self) -> bool:
        """Whether the other objective is."""
        return self.objective.uses_weights_only

    def check(self, model: ObjectiveModel) -> None:
        """Reject a code that does not divide into the steps."""
        super().check(model)
        if model.latent_dim % self.steps:
            raise InvalidInput("steps", f"a divisor of latent_dim {model.latent_dim}", self.steps)

    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the mean squared change, the mean over the samples, [B]."""
        samples, batch = tf.unstack(tf.shape(trace.z)[:2])
        z = tf.reshape(trace.z, (samples, batch, self.steps, model.latent_dim // self.steps))
        change = tf.reduce_sum(tf.math.squared_difference(z[:, :, 1:], z[:, :, :-1]), axis=3)
        return tf.reduce_mean(change, axis=(0, 2))
