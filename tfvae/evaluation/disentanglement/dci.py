"""Disentanglement, completeness and informativeness."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
from scipy.special import xlogy
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked, is_discrete
from tfvae.evaluation.disentanglement.held_out import held_out_split

_SMALLEST = np.finfo(np.float64).tiny


class Trees(Protocol):
    """A predictor as in scikit-learn that tells how much each column mattered."""

    @property
    def feature_importances_(self) -> Any:
        """Importance of each column, at least 0."""
        ...

    def fit(self, X: Any, y: Any) -> Any:  # noqa: N803
        """Fit to rows and their targets."""
        ...

    def score(self, X: Any, y: Any) -> float:  # noqa: N803
        """Return the accuracy, or R^2."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class DCI:
    """Disentanglement, completeness and informativeness of codes.

    Attributes:
        disentanglement: in [0, 1], 1 if each code matters for one factor alone.
        completeness: in [0, 1], 1 if one code alone matters for each factor.
        informativeness: at most 1, the mean over factors of the accuracy, or of R^2, on held-out rows.
        importance: R_jk, how much code j matters for factor k, [D, K].
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    classifier: Trees | None = None,
    regressor: Trees | None = None,
    seed: int = 0,
) -> DCI:
    """Return disentanglement, completeness and informativeness.

    D = sum_j rho_j (1 - H(R_j. / sum_k R_jk) / log K),  rho_j = sum_k R_jk / sum_jk R_jk
    C = (1/K) sum_k (1 - H(R_.k / sum_j R_jk) / log D)

    R_jk is the importance of code j in a predictor of factor k from all codes, H the entropy. A factor for
    which no code matters has completeness 0. A discrete factor has a classifier, a continuous one a
    regressor. Gradient boosting makes a tree in each of 100 steps for each value of a factor: with 10,000
    rows to fit and a factor of 40 values that takes minutes. A random forest, as in the first source, is
    cheaper: `RandomForestClassifier(max_features=None, max_depth=8)`. With `max_features=None` every split
    sees all codes; otherwise codes that do not matter get a share.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D], D at least 2.
        factors: the factors that generated the data, [N, K], K at least 2; a factor is discrete if all its
            values are integers, and continuous otherwise.
        classifier: predictor of discrete factors, copied for each; None means scikit-learn's
            `GradientBoostingClassifier` with the seed.
        regressor: predictor of continuous factors, copied for each; None means scikit-learn's
            `GradientBoostingRegressor` with the seed.
        seed: seed of the choice of the held-out rows, a third, and of both default predictors.

    Raises:
        InvalidInput: for other shapes, too few rows to see each value of a discrete factor in both parts,
            numbers that are not finite, and a constant factor.

    Source: Eastwood and Williams 2018, section 2; Locatello et al. 2019 (gradient boosting, accuracy).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1) // 4    # all pairs of 3 values
        >>> scores = dci(-3.0 * factors, factors)
        >>> round(scores.disentanglement, 6), round(scores.completeness, 6), scores.informativeness
        (1.0, 1.0, 1.0)
    """
    codes, factors = checked(codes, factors, least_codes=2, least_factors=2)
    fit, held_out = held_out_split(factors, seed)
    classifier = GradientBoostingClassifier(random_state=seed) if classifier is None else classifier
    regressor = GradientBoostingRegressor(random_state=seed) if regressor is None else regressor
    importance, scores = [], []
    for factor in factors.T:
        model: Any = clone(classifier if is_discrete(factor) else regressor)
        model.fit(codes[fit], factor[fit])
        importance.append(np.asarray(model.feature_importances_))
        scores.append(model.score(codes[held_out], factor[held_out]))
    matrix = np.stack(importance, axis=1)
    weights = matrix.sum(axis=1) / max(matrix.sum(), _SMALLEST)
    return DCI(
        disentanglement=float(weights @ _concentration(matrix)),
        completeness=float(np.mean(_concentration(matrix.T))),
        informativeness=float(np.mean(scores)),
        importance=matrix,
    )


def _concentration(rows: np.ndarray) -> np.ndarray:
    """Return 1 minus the entropy of each row in units of its largest value; 0 for a row of zeros."""
    total = rows.sum(axis=1)
    share = rows / np.maximum(total, _SMALLEST)[:, np.newaxis]
    return np.where(total > 0, 1.0 + xlogy(share, share).sum(axis=1) / np.log(rows.shape[1]), 0.0)
