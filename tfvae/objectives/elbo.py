"""The evidence lower bound, with a weight on the rate and free bits."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, real_number
from tfvae.core.replicas import batch_mean
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective
from tfvae.schedules import Schedule, as_schedule


class ELBO(Objective):
    """loss = distortion + beta rate,  distortion = -E_q log p(x|z),  rate = KL(q(z|x) || p(z)), in nats.

    With free bits the rate in the loss is sum_j max(free_bits, mean over the batch of KL_j), so that
    no latent dimension j is pressed below `free_bits` nats. The term `elbo` is always the plain bound
    -(distortion + rate), comparable whatever beta and free bits are.

    Args:
        beta: weight of the rate, a number or a schedule.
        free_bits: nats per latent dimension that cost nothing.
        num_samples: draws from q(z|x) for each example.

    Source: Kingma and Welling 2014, equation 3; beta: Higgins et al. 2017, equation 4; free bits:
    Kingma et al. 2016, equation 15.

    Example:
        >>> from tfvae import schedules
        >>> ELBO(beta=schedules.Linear(0.0, 1.0, steps=1000)).terms
        ('distortion', 'rate', 'elbo')
    """

    uses_weights_only = True
    terms = ("distortion", "rate", "elbo")
    needs = ("has_density",)

    def __init__(
        self,
        beta: float | Schedule = 1.0,
        free_bits: float = 0.0,
        num_samples: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.beta = as_schedule("beta", beta)
        self.free_bits = real_number("free_bits", free_bits, at_least=0)
        self.num_samples = integer("num_samples", num_samples)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate and ELBO of each example, [B]."""
        rate = trace.rate if self.free_bits == 0 else self._rate_with_free_bits(trace.rates)
        return {
            "loss": trace.distortion + self.beta(model.step) * rate,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
        }

    def _rate_with_free_bits(self, rates: Tensor) -> Tensor:
        # Which groups are free is decided on the mean over the whole batch, also across replicas; the
        # batch mean of what is returned is then exactly sum_j max(free_bits, mean KL_j).
        charged = tf.cast(batch_mean(rates) > self.free_bits, rates.dtype)
        return tf.reduce_sum(charged * rates + (1 - charged) * self.free_bits, axis=-1)
