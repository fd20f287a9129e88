"""Scores that compare with something: a background model, or what is typical."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.detectors.training import fresh
from tfvae.anomaly.scores.base import Inputs, Score, Train, over_data
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.checks import integer, real_number
from tfvae.models import LatentModel


@final
class LikelihoodRatio(Score):
    """score = log p_b(x) - log p(x), p_b a background model of the same kind trained on perturbed data.

    What both find improbable, such as a noisy background, drops out. Contributions are the differences of
    both models'.

    Args:
        score: of both models, a score in nats; None is `LogLikelihood()`.
        mutation: probability that an element of the background's data is replaced by the same element of
            another row.
        seed: start of the random numbers.

    Source: Ren et al. 2019, equations 2 and 3; for pixels they draw the new values uniformly.

    Example:
        >>> LikelihoodRatio(mutation=0.3).score.num_samples
        64
    """

    def __init__(
        self,
        score: Score | None = None,
        mutation: float = 0.2,
        seed: int = 0,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score
        self.mutation = real_number("mutation", mutation, at_least=0, at_most=1)
        self.seed = integer("seed", seed, at_least=0)
        self.background_score = type(self.score).from_config(self.score.get_config())

    @property
    def in_nats(self) -> bool:
        """Whether the score is."""
        return self.score.in_nats

    @property
    def passes(self) -> int:
        """Those of both models."""
        return 2 * self.score.passes

    def check(self, model: LatentModel) -> None:
        """Refuse what the score refuses."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Make the background model."""
        self.background = fresh(model)
        self.score.prepare(model)
        self.background_score.prepare(self.background)

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Train the background model on perturbed data."""
        random = np.random.default_rng(self.seed)
        others = random.permuted(x, axis=0)
        perturbed = np.where(random.random(x.shape) < self.mutation, others, x)
        train(self.background, perturbed)
        self.score.learn(model, x, train)
        self.background_score.learn(self.background, perturbed, train)

    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return the difference of the two scores."""
        ours = self.score.values(model, inputs)["score"]
        return {"score": ours - self.background_score.values(self.background, inputs)["score"]}

    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the differences of score and contributions."""
        ours, parts = self.score.explained(model, inputs)
        theirs, other_parts = self.background_score.explained(self.background, inputs)
        return {"score": ours["score"] - theirs["score"]}, parts - other_parts


@final
class Typicality(Score):
    """score = |s(x) - H|, H the mean of the score s over the training data.

    With s = -log p(x), H estimates the entropy: a typical example is about as improbable as normal data
    are on average, and one that is too probable is an anomaly as well. Contributions are those of s, less
    their means over the training data, with the sign of s - H.

    Args:
        score: s; None is `LogLikelihood()`.

    Source: Nalisnick et al. 2019, equation 3, with batches of one.

    Example:
        >>> type(Typicality().score).__name__
        'LogLikelihood'
    """

    def __init__(self, score: Score | None = None, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.score = LogLikelihood() if score is None else score

    @property
    def in_nats(self) -> bool:
        """Whether the score is."""
        return self.score.in_nats

    @property
    def passes(self) -> int:
        """Those of the score."""
        return self.score.passes

    def check(self, model: LatentModel) -> None:
        """Refuse what the score refuses."""
        self.score.check(model)

    def prepare(self, model: LatentModel) -> None:
        """Prepare the score."""
        self.score.prepare(model)

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Measure the mean of the score and of its contributions."""
        self.score.learn(model, x, train)
        parts = over_data(lambda model, inputs: self.score.explained(model, inputs)[1], model, x)
        typical = parts.astype("float64").mean(axis=0)
        self.set_arrays(typical=typical, entropy=typical.sum())

    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return the distance from the entropy."""
        score = self.score.values(model, inputs)["score"]
        return {"score": tf.abs(score - tf.convert_to_tensor(self.entropy))}

    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the distance, and the distances of the contributions with its sign."""
        terms, parts = self.score.explained(model, inputs)
        distance = terms["score"] - tf.convert_to_tensor(self.entropy)
        sign = tf.reshape(tf.where(distance < 0, -1.0, 1.0), (-1, *[1] * (parts.shape.rank - 1)))
        return {"score": tf.abs(distance)}, sign * (parts - tf.convert_to_tensor(self.typical))
