"""Generalized ELBO with constrained optimization: the least rate at which reconstructions are good enough."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.checks import integer, positive, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import batch_mean
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective

_LARGEST_LOG = math.log(1e6)  # of the multiplier, to either side of 1


class GECO(Objective):
    """Minimize the rate, subject to reconstructions with a root mean square error of `tolerance`.

    loss = rate + lambda (n / 2) C,   C = |x - E[x|z]|^2 / (n tolerance^2) - 1   for the n elements of x

    lambda is a Lagrange multiplier, which after each training batch follows a running average of C:

    average <- decay average + (1 - decay) mean C,   lambda <- lambda exp(step_size min(average, 1))

    C is at least -1; that it counts as at most 1 keeps the multiplier from running away while the model is
    still untrained. It grows while the reconstructions are worse than the tolerance and falls while they are
    better. At lambda = 1 the loss is the negative ELBO of a normal likelihood with the tolerance as its
    scale, up to a constant. Where the tolerance is met, the rate is the least that meets it.

    Args:
        tolerance: root mean square error per element that reconstructions are to have, in the units of x.
        step_size: of the multiplier.
        decay: of the running average, in [0, 1).
        num_samples: draws from q(z|x) for each example.

    Source: Rezende and Viola 2018 ("Taming VAEs"), section 2.2 and algorithm 1.

    Example:
        >>> GECO(tolerance=0.1).terms
        ('distortion', 'rate', 'elbo', 'constraint', 'multiplier')
    """

    terms = ("distortion", "rate", "elbo", "constraint", "multiplier")
    needs = ("has_density",)
    requires_complete_data = True

    def __init__(
        self,
        tolerance: float,
        step_size: float = 0.01,
        decay: float = 0.9,
        num_samples: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.tolerance = positive("tolerance", tolerance)
        self.step_size = positive("step_size", step_size)
        self.decay = real_number("decay", decay, 0, 1)
        if self.decay == 1:
            raise InvalidInput("decay", "a number of at least 0 and below 1", decay)
        self.num_samples = integer("num_samples", num_samples)
        self.log_multiplier = self.add_weight(name="log_multiplier", shape=(), trainable=False)
        self.average = self.add_weight(name="average", shape=(), trainable=False)
        self.batches = self.add_weight(name="batches", shape=(), trainable=False)

    @property
    def multiplier(self) -> Tensor:
        """The Lagrange multiplier lambda, a scalar."""
        return tf.exp(tf.convert_to_tensor(self.log_multiplier))

    def check(self, model: ObjectiveModel) -> None:
        """Reject what every objective rejects, and models of several kinds of data."""
        super().check(model)
        if "x" not in model.accepts:
            expected = f"one that goes with the likelihood {type(model.likelihood).__name__}"
            raise InvalidInput("objective", expected, f"{type(self).__name__}, which needs a model of one x")

    def constraint(self, trace: Trace) -> Tensor:
        """Return C, the mean over the samples, [B]: below 0 where the reconstruction is good enough."""
        error = tf.square(trace.x - trace.px.mean())
        mean = tf.reduce_mean(error, axis=[0, *range(2, error.shape.rank)])
        return mean / self.tolerance**2 - 1

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO, constraint and multiplier of each example, [B]."""
        constraint = self.constraint(trace)
        half = 0.5 * math.prod(model.event_shape)
        return {
            "loss": trace.rate + self.multiplier * half * constraint,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "constraint": constraint,
            "multiplier": self.multiplier * tf.ones_like(constraint),
        }

    def observe(self, trace: Trace) -> None:
        """Let the multiplier follow the constraint of a training batch."""
        mean = batch_mean(self.constraint(trace))
        first = tf.convert_to_tensor(self.batches) == 0
        decay = tf.where(first, 0.0, self.decay)
        average = decay * tf.convert_to_tensor(self.average) + (1 - decay) * mean
        log_multiplier = tf.convert_to_tensor(self.log_multiplier) + self.step_size * tf.minimum(average, 1.0)
        self.average.assign(average)
        self.batches.assign_add(1.0)
        self.log_multiplier.assign(tf.clip_by_value(log_multiplier, -_LARGEST_LOG, _LARGEST_LOG))
