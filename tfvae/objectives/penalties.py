"""Penalties on the code, added to any objective: sparse and contractive autoencoders."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective, WrappedObjective
from tfvae.objectives.reconstruction import Reconstruction
from tfvae.schedules import Schedule, as_schedule


class Penalized(WrappedObjective):
    """loss = another objective's loss + weight penalty; abstract.

    Its terms are the other's, and "penalty".

    Args:
        weight: of the penalty, a number or a schedule.
        objective: what the penalty is added to.
    """

    def __init__(
        self,
        weight: float | Schedule,
        objective: Objective,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(objective, name=name, dtype=dtype)
        if "penalty" in objective.terms:
            raise InvalidInput("objective", "one that has no penalty yet", repr(objective))
        self.weight = as_schedule("weight", weight)

    @property
    def terms(self) -> tuple[str, ...]:
        """The other objective's terms, and the penalty."""
        return (*self.objective.terms, "penalty")

    @abc.abstractmethod
    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the penalty of each example, [B]."""

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the other objective's terms and the penalty, [B]."""
        terms = self.objective.loss(trace, model)
        penalty = self.penalty(trace, model)
        return {**terms, "loss": terms["loss"] + self.weight(model.step) * penalty, "penalty": penalty}


class SparseAutoencoder(Penalized):
    """penalty = sum_j KL(Bernoulli(rate) || Bernoulli(r_j)),  r_j = mean over the batch of sigmoid(code_j).

    KL = rate log(rate / r_j) + (1 - rate) log((1 - rate) / (1 - r_j)), in nats. The code is the location
    of q(z|x); its sigmoid counts as the activation, while the decoder sees the code itself. The mean is
    over the whole batch, and the penalty the same for every example.

    Args:
        weight: of the penalty, a number or a schedule.
        rate: share of the time, in (0, 1), that a unit is to be active.
        objective: what it is added to; None is `Reconstruction()`.

    Source: Ng 2011, CS294A lecture notes on the sparse autoencoder, section 3.

    Example:
        >>> SparseAutoencoder(weight=3.0, rate=0.05).terms
        ('distortion', 'penalty')
    """

    needs = ("has_location",)

    def __init__(
        self,
        weight: float | Schedule = 3.0,
        rate: float = 0.05,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(weight, Reconstruction() if objective is None else objective, name=name, dtype=dtype)
        if not 0 < rate < 1:
            raise InvalidInput("rate", "a share in (0, 1)", rate)
        self.rate = rate

    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the sum of the KL over the units, [B]."""
        code = all_gather(model.posterior.location(trace.record["posterior"]))
        count = tf.math.log(tf.cast(tf.shape(code)[0], tf.float32))
        log_active = tf.reduce_logsumexp(tf.math.log_sigmoid(code), axis=0) - count
        log_silent = tf.reduce_logsumexp(tf.math.log_sigmoid(-code), axis=0) - count
        active = self.rate * (tf.math.log(self.rate) - log_active)
        silent = (1 - self.rate) * (tf.math.log(1 - self.rate) - log_silent)
        return tf.fill((tf.shape(trace.z)[1],), tf.reduce_sum(active + silent))


class ContractiveAutoencoder(Penalized):
    """penalty = |df(x)/dx|_F^2, the squared Frobenius norm of the Jacobian of the code f(x).

    The code is the location of q(z|x), with no corruption of x; its Jacobian is taken by automatic
    differentiation, so that any encoder serves whose rows do not depend on each other. It takes
    latent_dim passes back through the encoder.

    Args:
        weight: of the penalty, a number or a schedule.
        objective: what it is added to; None is `Reconstruction()`.

    Source: Rifai et al. 2011, equation 1.

    Example:
        >>> ContractiveAutoencoder(weight=0.1).terms
        ('distortion', 'penalty')
    """

    def __init__(
        self,
        weight: float | Schedule = 0.1,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(weight, Reconstruction() if objective is None else objective, name=name, dtype=dtype)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a model of several kinds of data, which have no one Jacobian."""
        super().check(model)
        if "x" not in model.accepts:
            raise InvalidInput(
                "objective",
                f"one that goes with the likelihood {type(model.likelihood).__name__}",
                f"{type(self).__name__}, which needs a model of one x",
            )

    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the squared norm of the Jacobian, [B]."""
        inputs = {"x": trace.x, **(trace.given or {})}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trace.x)
            code = model.latent(inputs)
        jacobian = tape.batch_jacobian(code, trace.x)
        return tf.reduce_sum(tf.square(jacobian), axis=tf.range(1, tf.rank(jacobian)))
