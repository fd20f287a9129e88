"""Which training examples are held out for the calibration."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput


def held_out_mask(count: int, share: float, seed: int) -> np.ndarray:
    """Return which examples are held out, bool [count]; a random subset of round(share count).

    Args:
        count: number of examples.
        share: share to hold out, in [0, 1).
        seed: seed of the choice.

    Raises:
        InvalidInput: if none or all of them would be held out for a share above 0.

    Example:
        >>> int(held_out_mask(10, 0.3, seed=0).sum())
        3
    """
    mask = np.zeros(count, bool)
    if share:
        size = round(share * count)
        if not 0 < size < count:
            raise InvalidInput("X", f"enough rows to hold out a share of {share:g}", f"{count} rows")
        mask[np.random.default_rng(seed).permutation(count)[:size]] = True
    return mask
