"""Several scores of one model combined into one."""

from __future__ import annotations

from typing import final

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.combination_rules import CombinationRule, StandardizedMean
from tfvae.anomaly.scores.composite import CompositeScore
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType
from tfvae.models import LatentModel


@final
class ScoreCombination(CompositeScore):
    """Several scores of one model, combined.

    Args:
        scores: two or more scores.
        combination: the rule that combines them; None means `StandardizedMean()`.

    Raises:
        InvalidInput: for fewer than two scores, or anything that is not a score.

    Example:
        >>> from tfvae.anomaly import Mahalanobis, Reconstruction
        >>> ScoreCombination([Mahalanobis(), Reconstruction(num_samples=8)]).num_decoded
        9
    """

    def __init__(
        self,
        scores: list[Score],
        combination: CombinationRule | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.scores = list(scores)
        if len(self.scores) < 2 or not all(isinstance(score, Score) for score in self.scores):
            raise InvalidInput("scores", "two or more scores", scores)
        self.combination = StandardizedMean() if combination is None else combination

    @property
    def num_decoded(self) -> int:
        """The sum over the scores."""
        return sum(score.num_decoded for score in self.scores)

    def check(self, model: LatentModel) -> None:
        """Reject a model that one of the scores rejects."""
        for score in self.scores:
            score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Prepare each score."""
        for score in self.scores:
            score.prepare(model)

    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return the scores, each with the detector's model."""
        return [(model, score) for score in self.scores]
