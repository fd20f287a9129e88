"""The abstract score that averages over draws from q(z|x)."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.anomaly.scores.base import Score
from tfvae.core.checks import integer
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel


class MonteCarloScore(Score):
    """A score that averages over draws from q(z|x), with the same noise for every example; abstract.

    Args:
        num_samples: number of draws for each example.
        seed: seed of the noise, which is drawn once and saved with the score.
    """

    def __init__(self, num_samples: int = 64, seed: int = 0, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.num_samples = integer("num_samples", num_samples)
        self.seed = integer("seed", seed, at_least=0)

    @property
    def num_decoded(self) -> int:
        """The number of draws."""
        return self.num_samples

    def prepare(self, model: LatentModel) -> None:
        """Draw the noise."""
        self.set_arrays(noise=model.noise(self.num_samples, 1, as_seed(self.seed)))

    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return the score and the terms of a pass with the saved noise."""
        return self.from_trace(self._trace(model, inputs))

    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return the values and the contributions, both of one pass with the saved noise."""
        trace = self._trace(model, inputs)
        return self.from_trace(trace), self.contributions(model, trace)

    @abc.abstractmethod
    def from_trace(self, trace: Trace) -> Tensors:
        """Return {"score": [B]} and the terms, each [B].

        Args:
            trace: the record of a pass with `num_samples` draws.
        """

    @abc.abstractmethod
    def contributions(self, model: LatentModel, trace: Trace) -> Tensor:
        """Return the contribution of each element of x, [B, *event].

        Args:
            model: the trained model.
            trace: the record of a pass with `num_samples` draws.
        """

    def _trace(self, model: LatentModel, inputs: Tensors) -> Trace:
        return model.trace_with_noise(inputs, tf.convert_to_tensor(self.noise))
