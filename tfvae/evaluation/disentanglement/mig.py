"""The mutual information gap."""

from __future__ import annotations

import numpy as np

from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked
from tfvae.evaluation.disentanglement.mutual_information import mutual_information


def mig(codes: ArrayLike, factors: ArrayLike, num_bins: int = 20) -> float:
    """Return the mutual information gap, in [0, 1]: 1 if each factor is in one code and no other.

    mig = (1/K) sum_k (I(z_a; v_k) - I(z_b; v_k)) / H(v_k)

    a and b are the codes with the largest and the second largest mutual information with factor k. Codes are
    cut into bins of equal width, and so are continuous factors. A factor with more values than bins cannot be
    in one code entirely: with V equally frequent values, at most log(num_bins) / log(V) of its entropy is.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D], D at least 2.
        factors: the factors that generated the data, [N, K]; a factor is discrete if all its values are
            integers, and continuous otherwise.
        num_bins: number of bins.

    Raises:
        InvalidInput: for other shapes, fewer rows than `num_bins` times the values of a factor, numbers that
            are not finite, and a constant factor.

    Source: Chen et al. 2018, section 4; Locatello et al. 2019 (20 bins).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1)    # all pairs of 10 values
        >>> round(mig(-3.0 * factors, factors, num_bins=10), 6)
        1.0
        >>> rotated = factors @ [[1, 1], [1, -1]]
        >>> round(mig(rotated, factors, num_bins=10), 6)
        0.0
    """
    information, entropy = mutual_information(*checked(codes, factors, least_codes=2), num_bins)
    second, first = np.sort(information, axis=0)[-2:]
    return float(np.mean((first - second) / entropy))
