"""Explicitness: how well a linear predictor reads each factor from all codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import kendalltau
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score

from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked, is_discrete
from tfvae.evaluation.disentanglement.held_out import held_out_split


def explicitness(codes: ArrayLike, factors: ArrayLike, seed: int = 0) -> float:
    """Return the explicitness, in [0, 1]: 1 if each factor is a simple function of all codes, 1/2 by chance.

    explicitness = mean over factors k of the mean over the values of factor k of AUC

    AUC is the area under the ROC curve of a value against all others, by the probabilities of a multinomial
    logistic regression (C = 1) on the standardized codes, on a random third of the rows. The source has
    discrete factors alone. For a continuous one AUC becomes the concordance of a linear regression, the
    probability that of two rows the one with the larger factor has the larger prediction, which is the AUC
    where a factor has two values.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D].
        factors: the factors that generated the data, [N, K]; a factor is discrete if all its values are
            integers, and continuous otherwise.
        seed: seed of the choice of the held-out rows.

    Raises:
        InvalidInput: for other shapes, too few rows to see each value of a discrete factor in both parts,
            numbers that are not finite, and a constant factor.

    Source: Ridgeway and Mozer 2018, section 3; Locatello et al. 2019 (the regularization and the held-out
        rows).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1) / 10    # all pairs, continuous
        >>> rotated = factors @ [[1, 1], [1, -1]]
        >>> explicitness(rotated, factors)    # a linear function of both codes
        1.0
    """
    z, v = checked(codes, factors)
    fit, held_out = held_out_split(v, seed)
    spread = z[fit].std(axis=0)
    z = (z - z[fit].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    scores = [
        (_area if is_discrete(factor) else _concordance)(z[fit], z[held_out], factor[fit], factor[held_out])
        for factor in v.T
    ]
    return float(np.mean(scores))


def _area(fit: np.ndarray, held_out: np.ndarray, fit_factor: np.ndarray, factor: np.ndarray) -> float:
    model = LogisticRegression(max_iter=1000).fit(fit, fit_factor)
    probabilities = model.predict_proba(held_out)
    areas = [roc_auc_score(factor == v, p) for v, p in zip(model.classes_, probabilities.T, strict=True)]
    return float(np.mean(areas))


def _concordance(fit: np.ndarray, held_out: np.ndarray, fit_factor: np.ndarray, factor: np.ndarray) -> float:
    """Return the share of concordant pairs among those whose factors differ; equal predictions count half."""
    prediction = LinearRegression().fit(fit, fit_factor).predict(held_out)
    differing, predicted_differing = _differing_pairs(factor), _differing_pairs(prediction)
    if predicted_differing == 0:
        return 0.5
    tau: Any = kendalltau(factor, prediction)  # in units of sqrt(differing * predicted_differing)
    return float(0.5 + 0.5 * tau.statistic * np.sqrt(predicted_differing / differing))


def _differing_pairs(values: np.ndarray) -> int:
    counts = np.unique(values, return_counts=True)[1].astype(np.int64)
    return int(len(values) ** 2 - np.sum(counts**2)) // 2
