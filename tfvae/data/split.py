"""The split into training and validation rows, by a hash of (seed, row index), in any file format."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfvae.core.errors import InvalidInput

Keep = Callable[[int, int], np.ndarray]
"""keep(first_row, count) returns a bool mask [count] of the rows to use."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROWS_AT_ONCE = 2**20


def everything(first_row: int, count: int) -> np.ndarray:
    """Return a mask of all rows, bool [count].

    Args:
        first_row: index of the first row.
        count: number of rows.

    Example:
        >>> everything(10, 3)
        array([ True,  True,  True])
    """
    return np.ones(count, bool)


@dataclasses.dataclass(frozen=True, init=False, repr=False)
class Split:
    """A fraction of the rows for validation, the others for training.

    Row i is for validation if splitmix64(seed, i) / 2^64 < validation. The rule needs neither a list of rows
    nor their number, and gives the same split in any file format and chunk size. Each row is drawn
    independently: the fraction f holds in expectation, within about sqrt(f (1 - f) / N).

    Args:
        validation: expected fraction of validation rows, in [0, 1).
        seed: seed of the draw.

    Raises:
        InvalidInput: for a `validation` outside [0, 1), and a negative `seed`.

    Example:
        >>> split = Split(validation=0.25, seed=0)
        >>> split.train(0, 8)
        array([ True,  True,  True,  True,  True, False,  True,  True])
        >>> bool((split.train(0, 8) ^ split.validation(0, 8)).all())
        True
    """

    fraction: float
    seed: int

    def __init__(self, validation: float = 0.1, seed: int = 0):
        if not 0 <= validation < 1:
            raise InvalidInput("validation", "a fraction in [0, 1)", validation)
        object.__setattr__(self, "fraction", float(validation))
        object.__setattr__(self, "seed", check_seed(seed))

    def __repr__(self) -> str:
        return f"Split(validation={self.fraction}, seed={self.seed})"

    def train(self, first_row: int, count: int) -> np.ndarray:
        """Return a mask of the training rows among `count` rows from `first_row` on, bool [count].

        Args:
            first_row: index of the first row.
            count: number of rows.
        """
        return ~self.validation(first_row, count)

    def validation(self, first_row: int, count: int) -> np.ndarray:
        """Return a mask of the validation rows among `count` rows from `first_row` on, bool [count].

        Args:
            first_row: index of the first row.
            count: number of rows.
        """
        # 53 bits: a float64 holds fraction * 2^53 exactly enough, and never rounds up to 2^64.
        draws = _splitmix64(self.seed, first_row, count) >> np.uint64(11)
        return draws < np.uint64(self.fraction * 2**53)


def check_seed(seed: int) -> int:
    """Return a seed as an int.

    Args:
        seed: an integer in [0, 2^63).

    Raises:
        InvalidInput: for anything else.

    Example:
        >>> check_seed(-1)
        Traceback (most recent call last):
        tfvae.InvalidInput: seed: expected an integer in [0, 2^63), received -1
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
        raise InvalidInput("seed", "an integer in [0, 2^63)", seed)
    return int(seed)


def count_kept(keep: Keep, size: int) -> int:
    """Return the number of rows that `keep` marks among the first `size`.

    Args:
        keep: `keep(first_row, count)` returns the bool mask of the rows to use.
        size: number of rows in all.

    Example:
        >>> count_kept(everything, 12_345)
        12345
    """
    if keep is everything:
        return size
    return sum(
        int(np.count_nonzero(keep(first, min(_ROWS_AT_ONCE, size - first))))
        for first in range(0, size, _ROWS_AT_ONCE)
    )


def _splitmix64(seed: int, first: int, count: int) -> np.ndarray:
    """Return outputs first ... first + count - 1 of the generator splitmix64 started at mix(seed), uint64.

    Source: Steele, Lea and Flood 2014 (Fast splittable pseudorandom number generators), figure 17.
    """
    start = _mix(np.array([seed], np.uint64) + _GOLDEN)
    steps = np.arange(first + 1, first + 1 + count, dtype=np.uint64)
    return _mix(start + steps * _GOLDEN)  # arrays overflow without a warning, scalars with one


def _mix(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
