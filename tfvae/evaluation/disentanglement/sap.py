"""The separated attribute predictability score."""

from __future__ import annotations

import numpy as np
from sklearn.svm import LinearSVC

from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked, is_discrete
from tfvae.evaluation.disentanglement.held_out import held_out_split


def sap(codes: ArrayLike, factors: ArrayLike, seed: int = 0) -> float:
    """Return the SAP score, in [0, 1]: how much better one code predicts a factor than any other code.

    sap = (1/K) sum_k (S_ak - S_bk)

    S_jk is how well code j alone predicts factor k, a and b are the best and the second best code of factor
    k. For a continuous factor it is the squared correlation, R^2 of a linear regression. For a discrete one
    it is the accuracy of a linear support vector machine (C = 0.01, balanced classes) on a random third of
    the rows, which is not 0 without information: two equally frequent values give at most 1 - 1/2. As the
    machine is regularized, its accuracy depends on the scale of the codes, which are not standardized.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D], D at least 2.
        factors: the factors that generated the data, [N, K]; a factor is discrete if all its values are
            integers, and continuous otherwise.
        seed: seed of the choice of the held-out rows.

    Raises:
        InvalidInput: for other shapes, too few rows to see each value of a discrete factor in both parts,
            numbers that are not finite, and a constant factor.

    Source: Kumar et al. 2018, section 3; Locatello et al. 2019 (the support vector machine).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1) / 10    # all pairs, continuous
        >>> round(sap(-3.0 * factors, factors), 6)
        1.0
        >>> rotated = factors @ [[1, 1], [1, -1]]
        >>> round(sap(rotated, factors), 6)
        0.0
    """
    codes, factors = checked(codes, factors, least_codes=2)
    fit, held_out = held_out_split(factors, seed)
    gaps = []
    for factor in factors.T:
        if is_discrete(factor):
            predictability = [_accuracy(code[:, np.newaxis], factor, fit, held_out) for code in codes.T]
        else:
            predictability = [_squared_correlation(code, factor) for code in codes.T]
        second, first = np.sort(predictability)[-2:]
        gaps.append(first - second)
    return float(np.mean(gaps))


def _accuracy(code: np.ndarray, factor: np.ndarray, fit: np.ndarray, held_out: np.ndarray) -> float:
    classifier = LinearSVC(C=0.01, class_weight="balanced").fit(code[fit], factor[fit])
    return float(classifier.score(code[held_out], factor[held_out]))


def _squared_correlation(code: np.ndarray, factor: np.ndarray) -> float:
    code, factor = code - code.mean(), factor - factor.mean()
    variances = np.mean(code**2) * np.mean(factor**2)
    return float(np.mean(code * factor) ** 2 / variances) if variances > 0 else 0.0
