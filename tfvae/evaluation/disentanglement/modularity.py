"""Modularity: whether each code depends on one factor alone."""

from __future__ import annotations

import numpy as np

from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked
from tfvae.evaluation.disentanglement.mutual_information import mutual_information

_ROUNDING = 1e-24  # square of a mutual information that is 0 but for rounding


def modularity(codes: ArrayLike, factors: ArrayLike, num_bins: int = 20) -> float:
    """Return the modularity, in [0, 1]: 1 if each code has mutual information with one factor alone.

    modularity = (1/D) sum_j (1 - sum over k != a of I(z_j; v_k)^2 / ((K - 1) I(z_j; v_a)^2))

    a is the factor with the largest mutual information with code j. A code without any counts 0. Several
    codes may depend on the same factor. Codes are cut into bins of equal width, and so are continuous
    factors.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D].
        factors: the factors that generated the data, [N, K], K at least 2; a factor is discrete if all its
            values are integers, and continuous otherwise.
        num_bins: number of bins.

    Raises:
        InvalidInput: for other shapes, fewer rows than `num_bins` times the values of a factor, numbers that
            are not finite, and a constant factor.

    Source: Ridgeway and Mozer 2018, section 3; Locatello et al. 2019 (20 bins; codes without information).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1)    # all pairs of 10 values
        >>> round(modularity(-3.0 * factors, factors, num_bins=10), 6)
        1.0
        >>> rotated = factors @ [[1, 1], [1, -1]]
        >>> round(modularity(rotated, factors, num_bins=10), 6)
        0.0
    """
    information, _ = mutual_information(*checked(codes, factors, least_factors=2), num_bins)
    squares = np.square(information)
    largest = squares.max(axis=1)
    informed = largest > _ROUNDING
    others = squares.sum(axis=1) - largest
    deviation = others[informed] / (largest[informed] * (squares.shape[1] - 1))
    return float(np.sum(1.0 - deviation) / len(squares))
