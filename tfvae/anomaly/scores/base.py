"""The abstract anomaly score."""

from __future__ import annotations

import abc
from collections.abc import Callable

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.stateful_part import StatefulPart
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel

TrainFunction = Callable[[LatentModel, np.ndarray], None]


class Score(StatefulPart, abc.ABC):
    """A number for each example, high where the model finds the example unusual; abstract.

    A score is deterministic: the noise it needs is drawn once, in `prepare`, and kept with it.

    Attributes:
        in_nats: whether the score is the logarithm of a density, or a difference of such logarithms.
        terms: names of further values that are returned beside the score.
        needs_density: whether q(z|x) must have a density.
        num_decoded: number of latent points decoded for each example; sets the size of a block of rows.
    """

    in_nats = True
    terms: tuple[str, ...] = ()
    needs_density = False
    num_decoded = 1

    def check(self, model: LatentModel) -> None:
        """Reject a model for which the score is not defined.

        Args:
            model: the trained model.

        Raises:
            InvalidInput: names the score and the reason.
        """
        if self.needs_density and not model.has_density:
            raise InvalidInput(
                "score",
                "one for a model whose q(z|x) has no density, such as Reconstruction",
                type(self).__name__,
            )

    def prepare(self, model: LatentModel) -> None:
        """Create what depends on the model's shapes; called once for each model.

        Args:
            model: the trained model.
        """

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Learn from the model's training data; most scores learn nothing.

        Args:
            model: the trained model.
            x: its training data, [N, *event].
            train: trains another model on data with the same settings.
        """

    @abc.abstractmethod
    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return {"score": [B]} and the terms, each [B].

        Args:
            model: the trained model.
            inputs: the model's inputs by name, each [B, ...].
        """

    @abc.abstractmethod
    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return the values and the contribution of each element, [B, *event], which add up to the score.

        Args:
            model: the trained model.
            inputs: the model's inputs by name, each [B, ...].
        """
