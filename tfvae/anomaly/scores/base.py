"""What an anomaly score is."""

from __future__ import annotations

import abc
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.noise import as_seed
from tfvae.core.stateful_part import StatefulPart
from tfvae.core.trace import Trace
from tfvae.models import LatentModel

Inputs = dict[str, tf.Tensor]
Train = Callable[[LatentModel, np.ndarray], None]
_ROWS = 512


class Score(StatefulPart, abc.ABC):
    """A number for each example that is high where a model finds it unusual; abstract.

    A score is a function of the model and the inputs alone: what it draws, it drew once.

    Attributes:
        in_nats: whether the score is a density's logarithm, or a difference of such.
        terms: names of what it tells beside the score.
        needs_density: whether q(z|x) must have a density.
        passes: decoded points for each example, by which blocks of rows are sized.
    """

    in_nats = True
    terms: tuple[str, ...] = ()
    needs_density = False
    passes = 1

    def check(self, model: LatentModel) -> None:
        """Refuse a model for which the score is not defined.

        Raises:
            InvalidInput: names the score and says why.
        """
        if self.needs_density and not model.has_density:
            raise InvalidInput(
                "score",
                "one for a model whose q(z|x) has no density, such as Reconstruction",
                type(self).__name__,
            )

    def prepare(self, model: LatentModel) -> None:
        """Make what depends on the model's shapes; called once for each model."""

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Learn what the score needs from the data that the model was trained on; most need nothing.

        Args:
            model: the trained model.
            x: the training data, as the model takes it, [N, *event].
            train: trains another model on data in the same way.
        """

    @abc.abstractmethod
    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return {"score": [B]} and the terms, each [B]."""

    @abc.abstractmethod
    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the values, and what each element contributes, [B, *event], with the score as sums."""


class MonteCarloScore(Score):
    """A score that averages over draws from q(z|x), the same ones for every example; abstract.

    Args:
        num_samples: draws for each example.
        seed: start of the random numbers; they are drawn once and kept with the score.
    """

    def __init__(
        self, num_samples: int = 64, seed: int = 0, *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_samples = integer("num_samples", num_samples)
        self.seed = integer("seed", seed, at_least=0)

    @property
    def passes(self) -> int:
        """The draws."""
        return self.num_samples

    def prepare(self, model: LatentModel) -> None:
        """Draw the noise."""
        self.set_arrays(noise=model.noise(self.num_samples, 1, as_seed(self.seed)))

    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return the score and the terms of a pass with the score's own noise."""
        return self.of(self._trace(model, inputs))

    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the values and the contributions of one pass."""
        trace = self._trace(model, inputs)
        return self.of(trace), self.contributions(model, trace)

    @abc.abstractmethod
    def of(self, trace: Trace) -> dict[str, tf.Tensor]:
        """Return {"score": [B]} and the terms, each [B]."""

    @abc.abstractmethod
    def contributions(self, model: LatentModel, trace: Trace) -> tf.Tensor:
        """Return what each element of x contributes, [B, *event]."""

    def _trace(self, model: LatentModel, inputs: Inputs) -> Trace:
        return model.trace_with_noise(inputs, tf.convert_to_tensor(self.noise))


def over_data(
    function: Callable[[LatentModel, Inputs], tf.Tensor | dict], model: LatentModel, x: np.ndarray
) -> tf.Tensor | dict:
    """Return function(model, inputs) for data [N, *event] of any length."""
    traced = tf.function(lambda part: function(model, model.tensors(part)), reduce_retracing=True)
    parts = [traced(tf.constant(x[start : start + _ROWS])) for start in range(0, len(x), _ROWS)]
    return tf.nest.map_structure(lambda *values: np.concatenate(values), *parts)
