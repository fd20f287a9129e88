"""How well the latent dimensions identify the sources that generated the data."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from tfvae.core.errors import InvalidInput


def mean_correlation_coefficient(sources: np.ndarray, latent: np.ndarray) -> float:
    """Return the MCC: mean absolute correlation of each source with its latent dimension, in [0, 1].

    mcc = max over one-to-one assignments a of (1/d) sum_i |corr(sources_i, latent_a(i))|

    It is invariant to order, sign, offset and scale of the dimensions, and is 1 if each source is a linear
    function of a latent dimension of its own. A dimension without variance has correlation 0.

    Args:
        sources: the sources that generated the data, [N, d].
        latent: latent variables, such as the locations of q(z|x), [N, e] with e at least d.

    Raises:
        InvalidInput: for other shapes, and numbers that are not finite.

    Source: Khemakhem et al. 2020, section 5; Hyvarinen and Morioka 2016, section 5.

    Example:
        >>> s = np.array([[0.0, 1.0], [1.0, -1.0], [2.0, 1.0]])
        >>> round(mean_correlation_coefficient(s, -3 * s[:, ::-1] + 1), 6)
        1.0
    """
    sources, latent = (np.asarray(values, np.float64) for values in (sources, latent))
    for argument, values in (("sources", sources), ("latent", latent)):
        if values.ndim != 2 or len(values) < 2 or not np.isfinite(values).all():
            raise InvalidInput(argument, "finite numbers [n, dimensions], n at least 2", values.shape)
    if len(sources) != len(latent) or sources.shape[1] > latent.shape[1]:
        expected = f"{len(sources)} rows and at least {sources.shape[1]} dimensions"
        raise InvalidInput("latent", expected, latent.shape)
    correlation = np.abs(_standardized(sources).T @ _standardized(latent)) / len(sources)
    return float(correlation[linear_sum_assignment(correlation, maximize=True)].mean())


def rank_correlation_coefficient(sources: np.ndarray, latent: np.ndarray) -> float:
    """Return the `mean_correlation_coefficient` of the ranks, invariant to monotone maps of a dimension.

    Args:
        sources: the sources that generated the data, [N, d].
        latent: latent variables, such as the locations of q(z|x), [N, e] with e at least d.

    Raises:
        InvalidInput: for other shapes, and numbers that are not finite.

    Example:
        >>> s = np.array([[0.0], [1.0], [2.0]])
        >>> round(rank_correlation_coefficient(s, -np.exp(5 * s)), 6)
        1.0
    """
    return mean_correlation_coefficient(*(rankdata(values, axis=0) for values in (sources, latent)))


def _standardized(values: np.ndarray) -> np.ndarray:
    centered = values - values.mean(axis=0)
    spread = np.sqrt((centered**2).mean(axis=0))
    return np.divide(centered, spread, out=np.zeros_like(centered), where=spread > 0)
