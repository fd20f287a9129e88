"""Codes of examples that share the value of one factor: among observed rows, or from a ground truth."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import final

import numpy as np
from scipy.stats import rankdata

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.evaluation.disentanglement.checks import is_discrete
from tfvae.evaluation.disentanglement.ground_truth import (
    AT_ONCE,
    Encoder,
    GroundTruth,
    encode,
    sample_factors,
)


class Interventions(abc.ABC):
    """A source of codes of examples that share the value of one factor; abstract.

    Attributes:
        num_factors: number of factors.

    Example:
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
        >>> isinstance(ObservedInterventions(factors, factors), Interventions)
        True
    """

    num_factors: int

    @abc.abstractmethod
    def pairs(
        self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return codes of pairs, each [P, batch_size, D]; the two of a pair share the value of a factor.

        Args:
            fixed: number of the shared factor of each batch, [P].
            batch_size: number of pairs of a batch.
            rng: source of randomness.
        """

    @abc.abstractmethod
    def batches(self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return codes [P, batch_size, D]; all of a batch share the value of a factor.

        Args:
            fixed: number of the shared factor of each batch, [P].
            batch_size: number of examples of a batch.
            rng: source of randomness.
        """

    def fixed_factors(self, num_train: int, num_eval: int, rng: np.random.Generator) -> np.ndarray:
        """Return which factor each batch shares, [num_train + num_eval], all factors equally often.

        Args:
            num_train: number of batches to fit a classifier, the first ones.
            num_eval: number of batches to score it.
            rng: source of randomness.

        Raises:
            InvalidInput: for fewer than two factors, fewer batches to fit than factors, and none to score.
        """
        if self.num_factors < 2:
            raise InvalidInput("factors", "at least two factors", self.num_factors)
        integer("num_train", num_train, at_least=self.num_factors)
        integer("num_eval", num_eval)
        counts = (num_train, num_eval)
        return np.concatenate([rng.permutation(np.arange(count) % self.num_factors) for count in counts])


def parts(fixed: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """Yield consecutive slices of `fixed` whose batches have together at most 4096 examples, or one batch.

    Args:
        fixed: number of the shared factor of each batch, [P].
        batch_size: number of examples of a batch.

    Example:
        >>> [len(part) for part in parts(np.zeros(100), 64)]
        [64, 36]
    """
    step = max(1, AT_ONCE // batch_size)
    return (fixed[start : start + step] for start in range(0, len(fixed), step))


@final
class ObservedInterventions(Interventions):
    """Interventions by grouping observed rows that share the value of a factor.

    The rows of a group are drawn with replacement, the two of a pair without.

    Args:
        codes: checked codes, [N, D].
        factors: checked factors, [N, K].
        num_groups: number of groups of a continuous factor, of about equal size by the ranks of its values.

    Raises:
        InvalidInput: for fewer than two groups, and a value or a group that only one row has.

    Example:
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
        >>> interventions = ObservedInterventions(factors, factors)
        >>> first, second = interventions.pairs(np.array([1]), 5, np.random.default_rng(0))
        >>> np.abs(first - second).mean(axis=1).tolist()    # the first factor differs, the second does not
        [[1.0, 0.0]]
    """

    def __init__(self, codes: np.ndarray, factors: np.ndarray, num_groups: int = 20):
        integer("num_groups", num_groups, at_least=2)
        self.num_factors = factors.shape[1]
        self._codes = codes
        group = np.stack([_groups(factor, num_groups) for factor in factors.T], axis=1)
        self._count = np.stack([np.bincount(column)[column] for column in group.T], axis=1)
        if self._count.min() < 2:
            row, factor = np.argwhere(self._count < 2)[0]
            received = f"value {factors[row, factor]:g} of factor {factor} in one row alone"
            raise InvalidInput("factors", "each value, or group of values, in at least two rows", received)
        self._order = np.argsort(group, axis=0, kind="stable")  # rows of a group stand together
        self._place = np.argsort(self._order, axis=0)
        self._start = np.stack([np.searchsorted(np.sort(g), g) for g in group.T], axis=1)

    def pairs(
        self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return codes of pairs of different rows, each [P, batch_size, D], of one group."""
        factor = fixed[:, np.newaxis]
        rows = rng.integers(0, len(self._codes), (len(fixed), batch_size))
        start, count = self._start[rows, factor], self._count[rows, factor]
        step = 1 + rng.integers(0, count - 1)
        others = self._order[start + (self._place[rows, factor] - start + step) % count, factor]
        return self._codes[rows], self._codes[others]

    def batches(self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return codes [P, batch_size, D] of rows of one group, that of a random row."""
        factor = fixed[:, np.newaxis]
        row = rng.integers(0, len(self._codes), (len(fixed), 1))
        start, count = self._start[row, factor], self._count[row, factor]
        return self._codes[self._order[start + rng.integers(0, count, (len(fixed), batch_size)), factor]]


@final
class GeneratedInterventions(Interventions):
    """Interventions by a ground truth: all factors are drawn, and one is then given the same value.

    Args:
        encoder: a model, or a function from observations [N, *event] to codes [N, D].
        ground_truth: where factors and observations come from.

    Raises:
        InvalidInput: for factors that are not finite numbers [N, K].

    Example:
        >>> import tfvae
        >>> area = GeneratedInterventions(lambda x: x.sum(axis=(1, 2)), tfvae.data.Sprites())
        >>> area.num_factors, area.batches(np.array([0, 1]), 3, np.random.default_rng(0)).shape
        (5, (2, 3, 1))
    """

    def __init__(self, encoder: Encoder, ground_truth: GroundTruth):
        self._encoder, self._ground_truth = encoder, ground_truth
        self.num_factors = sample_factors(ground_truth, 1, np.random.default_rng(0)).shape[1]

    def pairs(
        self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return codes of pairs, each [P, batch_size, D]: independent factors but for the shared one."""
        first, second = (self._factors(len(fixed), batch_size, rng) for _ in range(2))
        batch = np.arange(len(fixed))
        second[batch, :, fixed] = first[batch, :, fixed]
        return self._codes(first, rng), self._codes(second, rng)

    def batches(self, fixed: np.ndarray, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return codes [P, batch_size, D]: independent factors but for the shared one."""
        factors = self._factors(len(fixed), batch_size, rng)
        batch = np.arange(len(fixed))
        factors[batch, :, fixed] = factors[batch, :1, fixed]
        return self._codes(factors, rng)

    def _factors(self, num_batches: int, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        factors = sample_factors(self._ground_truth, num_batches * batch_size, rng)
        return factors.reshape(num_batches, batch_size, self.num_factors)

    def _codes(self, factors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows = factors.reshape(-1, self.num_factors)
        codes = encode(self._encoder, self._ground_truth.sample_observations(rows, rng))
        return codes.reshape(*factors.shape[:2], -1)


def _groups(factor: np.ndarray, num_groups: int) -> np.ndarray:
    if not is_discrete(factor):
        factor = np.floor((rankdata(factor) - 0.5) * num_groups / len(factor))  # equal values stay together
    return np.unique(factor, return_inverse=True)[1]
