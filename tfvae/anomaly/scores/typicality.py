"""The distance from the typical set as a score."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.base import Score, TrainFunction
from tfvae.anomaly.scores.data_batches import apply_in_batches
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel


@final
class Typicality(Score):
    """score = |s(x) - H|, H the mean of the score s over the training data.

    For s = -log p(x), H estimates the entropy. A typical example is about as improbable as normal data are on
    average; one that is much more probable is an anomaly as well.

    Contributions: those of s minus their means over the training data, times the sign of s - H.

    Args:
        score: s; None means `LogLikelihood()`.

    Source: Nalisnick et al. 2019, equation 3, with batches of one.

    Example:
        >>> type(Typicality().score).__name__
        'LogLikelihood'
    """

    def __init__(self, score: Score | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score

    @property
    def in_nats(self) -> bool:
        """Whether s is in nats."""
        return self.score.in_nats

    @property
    def num_decoded(self) -> int:
        """The number for s."""
        return self.score.num_decoded

    def check(self, model: LatentModel) -> None:
        """Reject a model that s rejects."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Prepare s."""
        self.score.prepare(model)

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Compute the means of s and of its contributions over the training data."""
        self.score.learn(model, x, train)
        parts = apply_in_batches(lambda model, inputs: self.score.explained(model, inputs)[1], model, x)
        typical = parts.astype("float64").mean(axis=0)
        self.set_arrays(typical=typical, entropy=typical.sum())

    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return |s - H|."""
        score = self.score.values(model, inputs)["score"]
        return {"score": tf.abs(score - tf.convert_to_tensor(self.entropy))}

    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return |s - H|, and the contributions minus their means with the sign of s - H."""
        terms, parts = self.score.explained(model, inputs)
        difference = terms["score"] - tf.convert_to_tensor(self.entropy)
        sign = tf.reshape(tf.where(difference < 0, -1.0, 1.0), (-1, *[1] * (parts.shape.rank - 1)))
        return {"score": tf.abs(difference)}, sign * (parts - tf.convert_to_tensor(self.typical))
