"""Scores made of several: of one model, or of several models."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.detectors.training import fresh
from tfvae.anomaly.scores.base import Inputs, Score, Train, over_data
from tfvae.anomaly.scores.combination_rules import CombinationRule, DensityMixture, StandardizedMean
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel


class CompositeScore(Score, abc.ABC):
    """Several scores, combined; abstract.

    Attributes:
        combination: how.
    """

    combination: CombinationRule
    scores: list[Score]

    @property
    def in_nats(self) -> bool:
        """Whether all scores are, and remain so when they are combined."""
        return self.combination.keeps_unit and all(score.in_nats for score in self.scores)

    @abc.abstractmethod
    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return the models and their scores."""

    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return the combined score."""
        return {"score": self.combination.combined(self._scores(model, inputs))}

    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the combined score and contributions."""
        results = [score.explained(member, inputs) for member, score in self.members(model)]
        scores = tf.stack([terms["score"] for terms, _ in results])
        parts = tf.stack([part for _, part in results])
        combined = self.combination.combined(scores)
        return {"score": combined}, self.combination.contributions(scores, parts, inputs["x"])

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Let the members and the combination learn."""
        for member, score in self.members(model):
            score.learn(member, x, train)
        self.combination.learn(over_data(lambda *at: tf.transpose(self._scores(*at)), model, x).T)

    def _scores(self, model: LatentModel, inputs: Inputs) -> tf.Tensor:
        return tf.stack([score.values(member, inputs)["score"] for member, score in self.members(model)])


@final
class Ensemble(CompositeScore):
    """The combined score of several models of one kind, each from its own random start.

    Args:
        score: of each model; None is `LogLikelihood()`.
        num_members: models, the detector's own among them.
        combination: None is `DensityMixture()`, which for -log p(x) is the density of the mixture of the
            models.

    Source: Lakshminarayanan et al. 2017, section 2.4; Choi et al. 2018 (for densities).

    Example:
        >>> Ensemble(num_members=3).passes
        192
    """

    def __init__(
        self,
        score: Score | None = None,
        num_members: int = 5,
        combination: CombinationRule | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score
        self.num_members = integer("num_members", num_members)
        self.combination = DensityMixture() if combination is None else combination
        self.scores = [self.score, *(_again(self.score) for _ in range(num_members - 1))]

    @property
    def passes(self) -> int:
        """Those of all members."""
        return self.num_members * self.score.passes

    def check(self, model: LatentModel) -> None:
        """Refuse what the score refuses."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Make the other models."""
        self.others = [fresh(model) for _ in range(self.num_members - 1)]
        for member, score in self.members(model):
            score.prepare(member)

    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return the detector's model and the others, each with its score."""
        return list(zip([model, *self.others], self.scores, strict=True))

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Train the other models; then let all learn."""
        for member in self.others:
            train(member, x)
        super().learn(model, x, train)


@final
class ScoreCombination(CompositeScore):
    """The combination of several scores of one model.

    Args:
        scores: two or more.
        combination: None is `StandardizedMean()`.

    Example:
        >>> from tfvae.anomaly import Mahalanobis, Reconstruction
        >>> ScoreCombination([Mahalanobis(), Reconstruction(num_samples=8)]).passes
        9
    """

    def __init__(
        self,
        scores: list[Score],
        combination: CombinationRule | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.scores = list(scores)
        if len(self.scores) < 2 or not all(isinstance(score, Score) for score in self.scores):
            raise InvalidInput("scores", "two or more scores", scores)
        self.combination = StandardizedMean() if combination is None else combination

    @property
    def passes(self) -> int:
        """Those of all scores."""
        return sum(score.passes for score in self.scores)

    def check(self, model: LatentModel) -> None:
        """Refuse what one of the scores refuses."""
        for score in self.scores:
            score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Prepare the scores."""
        for score in self.scores:
            score.prepare(model)

    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return the scores, each with the model."""
        return [(model, score) for score in self.scores]


def _again(score: Score) -> Score:
    return type(score).from_config(score.get_config())
