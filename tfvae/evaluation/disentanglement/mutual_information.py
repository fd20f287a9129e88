"""The mutual information of each code with each factor, from their histograms."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.evaluation.disentanglement.checks import is_discrete


def mutual_information(
    codes: np.ndarray, factors: np.ndarray, num_bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return I(z_j; v_k), [D, K], and the entropy of each factor, H(v_k), [K], in nats.

    I(z; v) = sum over bins a and values b of p(a, b) log(p(a, b) / (p(a) p(b)))

    Codes and continuous factors are cut into bins of equal width, from the smallest to the largest value. Of
    N rows, the estimate is too high by about (bins - 1) (values - 1) / (2 N).

    Args:
        codes: checked codes, [N, D].
        factors: checked factors, [N, K].
        num_bins: number of bins.

    Raises:
        InvalidInput: for fewer than two bins, and fewer rows than `num_bins` times the values of a factor.

    Example:
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
        >>> information, entropy = mutual_information(factors, factors, num_bins=2)
        >>> (information / entropy).round(6)
        array([[1., 0.],
               [0., 1.]])
    """
    integer("num_bins", num_bins, at_least=2)
    code_bins = _binned(codes, num_bins)
    information = np.zeros((codes.shape[1], factors.shape[1]))
    entropy = np.zeros(factors.shape[1])
    for k, factor in enumerate(factors.T):
        values = factor if is_discrete(factor) else _binned(factor, num_bins)
        _, value = np.unique(values, return_inverse=True)
        count = int(value.max()) + 1
        if len(codes) < num_bins * count:
            expected = f"at least {num_bins * count} rows, {num_bins} bins times {count} values of factor {k}"
            raise InvalidInput("codes", expected, len(codes))
        entropy[k] = _entropy(np.bincount(value))
        for j, code in enumerate(code_bins.T):
            joint = np.bincount(code * count + value, minlength=num_bins * count)
            information[j, k] = _entropy(np.bincount(code)) + entropy[k] - _entropy(joint)
    return np.maximum(information, 0.0), entropy


def _binned(values: np.ndarray, num_bins: int) -> np.ndarray:
    low, high = values.min(axis=0), values.max(axis=0)
    position = (values - low) / np.where(high > low, high - low, 1.0)
    return np.minimum((position * num_bins).astype(np.int64), num_bins - 1)


def _entropy(counts: np.ndarray) -> float:
    share = counts / counts.sum()
    return float(-xlogy(share, share).sum())
