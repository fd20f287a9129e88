"""The likelihood ratio to a background model as a score."""

from __future__ import annotations

from typing import final

import numpy as np

from tfvae.anomaly.model_copies import reinitialized
from tfvae.anomaly.scores.base import Score, TrainFunction
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.checks import integer, real_number
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel


@final
class LikelihoodRatio(Score):
    """score = log p_b(x) - log p(x), p_b a background model of the same architecture for perturbed data.

    What both models find improbable, such as a noisy background, cancels.

    Contributions: the differences of the two models' contributions.

    Args:
        score: the score of both models, in nats; None means `LogLikelihood()`.
        mutation: probability that an element of the background's training data is replaced by the same
            element of another example.
        seed: seed of the perturbation.

    Raises:
        InvalidInput: for a `mutation` outside [0, 1].

    Source: Ren et al. 2019, equations 2 and 3; for pixels they draw the new values uniformly.

    Example:
        >>> LikelihoodRatio(mutation=0.3).num_decoded    # 2 models, 64 draws each
        128
    """

    def __init__(
        self,
        score: Score | None = None,
        mutation: float = 0.2,
        seed: int = 0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score
        self.mutation = real_number("mutation", mutation, at_least=0, at_most=1)
        self.seed = integer("seed", seed, at_least=0)
        self.background_score = type(self.score).from_config(self.score.get_config())

    @property
    def in_nats(self) -> bool:
        """Whether the score of both models is in nats."""
        return self.score.in_nats

    @property
    def num_decoded(self) -> int:
        """The number for both models."""
        return 2 * self.score.num_decoded

    def check(self, model: LatentModel) -> None:
        """Reject a model that the score rejects."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Create the background model, and prepare the score of each model."""
        self.background = reinitialized(model)
        self.score.prepare(model)
        self.background_score.prepare(self.background)

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Train the background model on perturbed data; then let both scores learn."""
        random = np.random.default_rng(self.seed)
        others = random.permuted(x, axis=0)
        perturbed = np.where(random.random(x.shape) < self.mutation, others, x)
        train(self.background, perturbed)
        self.score.learn(model, x, train)
        self.background_score.learn(self.background, perturbed, train)

    def values(self, model: LatentModel, inputs: Tensors) -> Tensors:
        """Return the difference of the two models' scores."""
        own = self.score.values(model, inputs)["score"]
        return {"score": own - self.background_score.values(self.background, inputs)["score"]}

    def explained(self, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
        """Return the differences of the two models' scores and contributions."""
        own, parts = self.score.explained(model, inputs)
        background, background_parts = self.background_score.explained(self.background, inputs)
        return {"score": own["score"] - background["score"]}, parts - background_parts
