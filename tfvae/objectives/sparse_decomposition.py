"""Predictive sparse decomposition: sparse codes found by optimization, and an encoder that predicts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.layers.sparse_coding import ista
from tfvae.likelihoods import Dictionary
from tfvae.objectives.base import Objective


class PredictiveSparseDecomposition(Objective):
    """loss = min over z of  -log p(x|z) + sparsity |z|_1 + prediction |z - f(x)|^2.

    f(x) is the location of q(z|x). The minimum is found from f(x) by `steps` proximal steps, through which no
    gradient goes: at a minimum there is none to lose. So the dictionary learns from the best codes, and the
    encoder to predict them. The term `distortion` is that of f(x).

    Args:
        sparsity: weight of the absolute values of z.
        prediction: weight of the distance from f(x).
        steps: proximal steps for each batch.

    Source: Kavukcuoglu et al. 2010 (predictive sparse decomposition), equation 2.

    Example:
        >>> PredictiveSparseDecomposition(0.5).terms
        ('distortion', 'sparsity', 'prediction')
    """

    terms = ("distortion", "sparsity", "prediction")

    def __init__(
        self,
        sparsity: float = 0.1,
        prediction: float = 1.0,
        steps: int = 20,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        for argument, value in (("sparsity", sparsity), ("prediction", prediction)):
            if not value >= 0:
                raise InvalidInput(argument, "a number of at least 0", value)
        self.sparsity = sparsity
        self.prediction = prediction
        self.steps = integer("steps", steps)

    def check(self, model: ObjectiveModel) -> None:
        """Reject other likelihoods than a dictionary's."""
        super().check(model)
        if not isinstance(model.likelihood, Dictionary):
            self._reject(model, "only the atoms of a Dictionary are summed")

    def prepare(self, model: Any) -> None:
        """Reject a decoder that changes z."""
        probe = np.linspace(-1.0, 1.0, model.latent_dim, dtype="float32")[np.newaxis]
        features = np.asarray(model.decoder(probe, training=TRAINING.get()), "float32")
        if features.shape != probe.shape or not np.allclose(features, probe, atol=1e-2):
            self._reject(model, "the decoder has to pass z on, as tfvae.networks.linear() does")

    def _reject(self, model: ObjectiveModel, reason: str) -> None:
        raise InvalidInput(
            "objective",
            f"one that goes with the likelihood {type(model.likelihood).__name__} and the decoder",
            f"{type(self).__name__}, but {reason}",
        )

    def loss(self, trace: Trace, model: Any) -> Tensors:
        """Return the energy of the best code, the distortion of the predicted one, and two terms, [B]."""
        predicted = model.posterior.location(trace.record["posterior"])
        z = tf.stop_gradient(self.best_codes(trace.x, predicted, model.likelihood))
        decoded = model.likelihood(model.decoder(z, training=TRAINING.get()), training=TRAINING.get())
        px = model.likelihood.distribution(decoded)
        sparsity = self.sparsity * tf.reduce_sum(tf.abs(z), axis=1)
        prediction = self.prediction * tf.reduce_sum(tf.square(z - predicted), axis=1)
        return {
            "loss": sparsity + prediction - px.log_prob(trace.x),
            "distortion": trace.distortion,
            "sparsity": sparsity,
            "prediction": prediction,
        }

    def best_codes(self, x: Tensor, predicted: Tensor, likelihood: Dictionary) -> Tensor:
        """Return the codes that the proximal steps from the predicted ones end at, [B, latent_dim]."""
        flat = tf.reshape(x, (-1, likelihood.directions.shape[1])) / likelihood.scale
        atoms = likelihood.atoms / likelihood.scale
        return ista(flat, atoms, self.sparsity, self.steps, predicted, self.prediction)
