"""The density under the aggregated posterior as a score."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.base import TrainFunction
from tfvae.anomaly.scores.data_batches import apply_in_batches
from tfvae.anomaly.scores.latent import LatentScore
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel


@final
class AggregatedPosterior(LatentScore):
    """score = -log q(m), q(z) = mean over n of q(z|x_n), m the location of q(z|x); in nats.

    q(z) is the density of the training data's codes, which the prior only approximates.

    Contributions: integrated gradients, as for every `LatentScore`.

    Args:
        num_components: number of training examples x_n, chosen at random; all if there are fewer.
        seed: seed of the choice.

    Source: Makhzani et al. 2016, equation 1 (the aggregated posterior).

    Example:
        >>> AggregatedPosterior(num_components=100).num_components
        100
    """

    def __init__(
        self, num_components: int = 512, seed: int = 0, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_components = integer("num_components", num_components)
        self.seed = integer("seed", seed, at_least=0)

    def check(self, model: LatentModel) -> None:
        """Reject a posterior whose density at any z does not follow from its parameters alone."""
        super().check(model)
        if not (model.has_density and model.posterior.explicit_density):
            raise InvalidInput("score", "one for a posterior without a density at any z", type(self).__name__)

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Keep the parameters of q(z|x_n) of the chosen examples."""
        super().learn(model, x, train)
        order = np.random.default_rng(self.seed).permutation(len(x))[: self.num_components]
        noise = model.noise(1, 1, tf.constant([self.seed, 0]))

        def parameters(model: LatentModel, inputs: Tensors) -> Tensors:
            return model.record(inputs, noise)["posterior"]

        learned = apply_in_batches(parameters, model, x[np.sort(order)])
        self.set_arrays(**{f"q_{name}": value for name, value in learned.items()})

    def of_latent(self, z: Tensor, model: LatentModel) -> Tensor:
        """Return -log q(z)."""
        kept = {name[2:]: getattr(self, name) for name in self.array_names if name.startswith("q_")}
        kept = {name: tf.convert_to_tensor(value) for name, value in kept.items()}
        log_q = model.posterior.distribution(kept).log_prob(z[:, tf.newaxis])
        return -(tf.reduce_logsumexp(log_q, axis=-1) - tf.math.log(float(log_q.shape[-1])))
