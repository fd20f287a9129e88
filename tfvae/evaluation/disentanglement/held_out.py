"""Rows to fit a predictor, and held-out rows to score it."""

from __future__ import annotations

import numpy as np

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.evaluation.disentanglement.checks import is_discrete


def held_out_split(factors: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to fit and the held-out rows, a random third.

    Args:
        factors: checked factors, [N, K].
        seed: seed of the split.

    Raises:
        InvalidInput: for a value of a discrete factor that one of the two parts lacks, a continuous factor
            that is constant in one of them, and a negative seed.

    Example:
        >>> fit, held_out = held_out_split(np.arange(9.0)[:, np.newaxis] / 9, seed=0)
        >>> len(fit), len(held_out)
        (6, 3)
    """
    order = np.random.default_rng(integer("seed", seed, at_least=0)).permutation(len(factors))
    fit, held_out = np.split(order, [len(order) - len(order) // 3])
    for number, factor in enumerate(factors.T):
        needed = len(np.unique(factor)) if is_discrete(factor) else 2
        if min(len(np.unique(factor[part])) for part in (fit, held_out)) < needed:
            expected = f"enough rows to see {needed} values of factor {number} in a held-out third of them"
            raise InvalidInput("factors", expected, f"{len(factors)} rows")
    return fit, held_out
