"""The bound of several kinds of data together, and of parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective
from tfvae.objectives.importance_weighted import integer
from tfvae.schedules import Schedule, as_schedule

_STREAM = 5417  # folded into the seed of the step, so that the parts' draws are not those of the whole


class SubsetELBO(Objective):
    """loss = L(all) + singles sum_m L({m}) + sum_{j <= random_subsets} L(A_j), in nats.

    L(A) = -sum_{m in A} weight_m E_{q(z|x_A)} log p(x_m|z) + beta KL(q(z|x_A) || p(z))

    Trained on L(all) alone, a product of experts does not learn q(z|x_m) of one modality. The parts A_j
    are drawn again for each example: each modality is in one with probability 1/2. What is missing is in no
    part, and a part with nothing there is 0. An example with one modality counts it in L(all) and in
    L({m}). The terms distortion, rate and elbo are those of all modalities, without weights; `subsets` is
    the rest of the loss.

    Args:
        beta: weight of the rate, a number or a schedule.
        modality_weights: of the modalities' distortions by name; those without one have 1. None is 1 for all.
        singles: weight of the bounds of one modality each; 0 leaves them out.
        random_subsets: number of random parts.
        num_samples: draws from each q for each example.

    Source: Wu and Goodman 2018 (MVAE), sections 2.1 and 2.2.

    Example:
        >>> SubsetELBO(modality_weights={"label": 50.0}).terms
        ('distortion', 'rate', 'elbo', 'subsets')
    """

    terms = ("distortion", "rate", "elbo", "subsets")
    needs = ("has_density",)

    def __init__(
        self,
        beta: float | Schedule = 1.0,
        modality_weights: dict[str, float] | None = None,
        singles: float = 1.0,
        random_subsets: int = 0,
        num_samples: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.beta = as_schedule("beta", beta)
        self.modality_weights = {} if modality_weights is None else dict(modality_weights)
        if any(not weight >= 0 for weight in self.modality_weights.values()):
            raise InvalidInput("modality_weights", "numbers of at least 0", modality_weights)
        if not singles >= 0:
            raise InvalidInput("singles", "a number of at least 0", singles)
        self.singles = singles
        self.random_subsets = integer("random_subsets", random_subsets, 0)
        self.num_samples = integer("num_samples", num_samples)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a model of one kind of data, and weights of modalities that are not there."""
        super().check(model)
        if not hasattr(model, "modalities"):
            raise InvalidInput(
                "objective",
                f"one for x of one kind, with the likelihood {type(model.likelihood).__name__}",
                f"{type(self).__name__}, which needs a MultimodalVAE",
            )
        modalities = list(getattr(model, "modalities", ()))
        unknown = sorted(set(self.modality_weights) - set(modalities))
        if unknown:
            raise InvalidInput("modality_weights", f"names among {modalities}", unknown)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, distortion, rate, ELBO and the parts' share of the loss, [B]."""
        subsets = tf.zeros_like(trace.elbo)
        for weight, part in self._parts(trace, model):
            subsets += weight * self._weighted(part, model)
        return {
            "loss": self._weighted(trace, model) + subsets,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "subsets": subsets,
        }

    def _weighted(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        log_x = sum(
            self.modality_weights.get(name, 1.0) * value
            for name, value in trace.px.log_probs(trace.x).items()
        )
        return self.beta(model.step) * trace.rate - tf.reduce_mean(log_x, axis=0)

    def _parts(self, trace: Trace, model: Any) -> Iterator[tuple[float, Trace]]:
        """Yield the weight and the trace of each part."""
        start = tf.zeros(2, tf.int32) if trace.seed is None else trace.seed
        start = tf.random.experimental.stateless_fold_in(start, _STREAM)
        batch, names = tf.shape(trace.z)[1], list(model.modalities)

        def part(index: int, keep: Tensors) -> Trace:
            seed = tf.random.experimental.stateless_fold_in(start, 2 * index)
            return model.restricted(trace, keep, model.noise(self.num_samples, batch, seed))

        if self.singles:
            for index, name in enumerate(names):
                yield self.singles, part(index, {name: tf.fill((batch,), True)})
        for index in range(len(names), len(names) + self.random_subsets):
            seed = tf.random.experimental.stateless_fold_in(start, 2 * index + 1)
            drawn = tf.random.stateless_uniform((batch, len(names)), seed) < 0.5
            yield 1.0, part(index, dict(zip(names, tf.unstack(drawn, axis=1), strict=True)))
