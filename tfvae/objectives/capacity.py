"""The ELBO with a rate that is held at a capacity, which grows in training."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, real_number
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensors
from tfvae.objectives.base import Objective
from tfvae.schedules import Schedule, as_schedule


class ControlledCapacity(Objective):
    """loss = distortion + gamma |rate - C(step)|, in nats.

    The rate of every example is drawn to C nats, from both sides.

    Args:
        capacity: C, a number or a schedule, usually one that rises from 0; nats.
        gamma: weight of the deviation, at least 0; large, such as 100 or 1000.
        num_samples: draws from q(z|x) for each example.

    Source: Burgess et al. 2018, equation 8.

    Example:
        >>> from tfvae import schedules
        >>> objective = ControlledCapacity(schedules.Linear(0.0, 25.0, steps=100_000), gamma=100.0)
        >>> objective.terms
        ('distortion', 'rate', 'elbo', 'capacity')
    """

    uses_weights_only = True
    terms = ("distortion", "rate", "elbo", "capacity")
    needs = ("has_density",)

    def __init__(
        self,
        capacity: float | Schedule,
        gamma: float = 100.0,
        num_samples: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.capacity = as_schedule("capacity", capacity)
        self.gamma = real_number("gamma", gamma, at_least=0)
        self.num_samples = integer("num_samples", num_samples)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and present capacity of each example, [B]."""
        capacity = self.capacity(model.step)
        return {
            "loss": trace.distortion + self.gamma * tf.abs(trace.rate - capacity),
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "capacity": capacity * tf.ones_like(trace.rate),
        }
