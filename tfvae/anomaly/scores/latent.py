"""The abstract score of where an example lies in the latent space."""

from __future__ import annotations

import abc

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import integrated_gradients, mean_example
from tfvae.anomaly.scores.base import Score, TrainFunction
from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel


class LatentScore(Score):
    """A function of the location of q(z|x); abstract.

    Contributions: integrated gradients along the straight line from the mean of the training data, in 16
    steps; the remainder is divided equally (`tfvae.anomaly.scores.attribution.integrated_gradients`).
    """

    def check(self, model: LatentModel) -> None:
        """Reject a posterior whose location does not follow from its parameters alone."""
        super().check(model)
        posterior = getattr(model, "posterior", None)
        if posterior is None or not posterior.has_location or posterior.space != "real":
            raise InvalidInput(
                "score", "one for a model without a location of q(z|x) in real space", type(self).__name__
            )

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Keep the mean of the data as the reference of the integrated gradients."""
        self.set_arrays(reference=mean_example(x))

    @abc.abstractmethod
    def of_latent(self, z: Tensor, model: LatentModel) -> Tensor:
        """Return the score of each latent point, [B].

        Args:
            z: latent points [B, latent_dim].
            model: the trained model.
        """

    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return the score of the location of q(z|x)."""
        return {"score": self.of_latent(model.latent(inputs), model)}

    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return the score and its integrated gradients."""
        score, parts = integrated_gradients(
            lambda x: self.of_latent(model.latent({**inputs, "x": x}), model),
            inputs["x"],
            tf.convert_to_tensor(self.reference),
        )
        return {"score": score}, parts
