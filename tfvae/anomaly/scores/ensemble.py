"""A score combined over several models from different random initializations."""

from __future__ import annotations

from typing import final

import numpy as np

from tfvae.anomaly.model_copies import reinitialized
from tfvae.anomaly.scores.base import Score, TrainFunction
from tfvae.anomaly.scores.combination_rules import CombinationRule, DensityMixture
from tfvae.anomaly.scores.composite import CompositeScore
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.checks import integer
from tfvae.core.types import DType
from tfvae.models import LatentModel


@final
class Ensemble(CompositeScore):
    """One score of several models with the same architecture, each trained from its own initialization.

    Args:
        score: the score of each model; None means `LogLikelihood()`.
        num_members: number of models, including the detector's own.
        combination: the rule that combines the members; None means `DensityMixture()`, which for -log p(x)
            gives the density of the mixture of the models.

    Raises:
        InvalidInput: for `num_members` below 1.

    Source: Lakshminarayanan et al. 2017, section 2.4; Choi et al. 2018 (for densities).

    Example:
        >>> Ensemble(num_members=3).num_decoded    # 3 models, 64 draws each
        192
    """

    def __init__(
        self,
        score: Score | None = None,
        num_members: int = 5,
        combination: CombinationRule | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score
        self.num_members = integer("num_members", num_members)
        self.combination = DensityMixture() if combination is None else combination
        copies = (type(self.score).from_config(self.score.get_config()) for _ in range(num_members - 1))
        self.scores = [self.score, *copies]

    @property
    def num_decoded(self) -> int:
        """The number for one model times the number of models."""
        return self.num_members * self.score.num_decoded

    def check(self, model: LatentModel) -> None:
        """Reject a model that the score rejects."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Create the other models, and prepare the score of each."""
        self.others = [reinitialized(model) for _ in range(self.num_members - 1)]
        for member, score in self.members(model):
            score.prepare(member)

    def members(self, model: LatentModel) -> list[tuple[LatentModel, Score]]:
        """Return the detector's model and the other models, each with its score."""
        return list(zip([model, *self.others], self.scores, strict=True))

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Train the other models, all with the graph of the detector's; then let all members learn."""
        trained = model.get_weights()
        for member in self.others:
            model.set_weights(member.get_weights())
            train(model, x)
            member.set_weights(model.get_weights())
        model.set_weights(trained)
        super().learn(model, x, train)
