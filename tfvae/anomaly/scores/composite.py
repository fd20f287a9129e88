"""The abstract score that combines several scores."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.base import Score, TrainFunction
from tfvae.anomaly.scores.combination_rules import CombinationRule
from tfvae.anomaly.scores.data_batches import apply_in_batches
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel


class CompositeScore(Score):
    """Several scores combined into one; abstract.

    Attributes:
        scores: the members' scores.
        combination: the rule that combines them.
    """

    scores: Sequence[Score]
    combination: CombinationRule

    @property
    def in_nats(self) -> bool:
        """Whether all scores are in nats and the combination keeps their unit."""
        return self.combination.keeps_unit and all(score.in_nats for score in self.scores)

    @abc.abstractmethod
    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return each member: its model and its score.

        Args:
            model: the detector's model.
        """

    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return the combined score."""
        return {"score": self.combination.combine(self._scores(model, inputs))}

    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return the combined score and the combined contributions."""
        results = [score.explained(member, inputs) for member, score in self.members(model)]
        scores = tf.stack([terms["score"] for terms, _ in results])
        parts = tf.stack([part for _, part in results])
        combined = self.combination.combine(scores)
        return {"score": combined}, self.combination.contributions(scores, parts, inputs["x"])

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Let the members and the combination rule learn."""
        members = self.members(model)
        self.combination.check(len(members))
        for member, score in members:
            score.learn(member, x, train)
        if not self.combination.learns:
            return
        scores = apply_in_batches(lambda *arguments: tf.transpose(self._scores(*arguments)), model, x)
        self.combination.learn(scores.T)

    def _scores(self, model: LatentModel, inputs: Tensors) -> Tensor:
        return tf.stack([score.values(member, inputs)["score"] for member, score in self.members(model)])
