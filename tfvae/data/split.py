"""Which rows train and which validate: a hash of (seed, row number) decides, never the file's format."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfvae.core.errors import InvalidInput

Keep = Callable[[int, int], np.ndarray]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_COUNTING_ROWS = 2**20


def everything(first_row: int, count: int) -> np.ndarray:
    """Mark every row.

    Example:
        >>> everything(10, 3)
        array([ True,  True,  True])
    """
    return np.ones(count, bool)


@dataclasses.dataclass(frozen=True, init=False, repr=False)
class Split:
    """A part of the rows for validation, the others for training.

    Row i validates if splitmix64(seed, i) / 2^64 < validation. So the rule needs no list of rows, knows no
    length, gives the same parts for the same rows in any format and any chunk size, and repeats. Each row
    is drawn on its own: the fraction is met in expectation, within about sqrt(f (1 - f) / N).

    Args:
        validation: expected fraction of rows that validate, in [0, 1).
        seed: another seed draws other rows.

    Raises:
        InvalidInput: `validation` is outside [0, 1), or `seed` is negative.

    Example:
        >>> split = Split(validation=0.25, seed=0)
        >>> split.train(0, 8)
        array([ True,  True,  True,  True,  True, False,  True,  True])
        >>> bool((split.train(0, 8) ^ split.validation(0, 8)).all())
        True
    """

    fraction: float
    seed: int

    everything = staticmethod(everything)

    def __init__(self, validation: float = 0.1, seed: int = 0):
        if not 0 <= validation < 1:
            raise InvalidInput("validation", "a fraction in [0, 1)", validation)
        object.__setattr__(self, "fraction", float(validation))
        object.__setattr__(self, "seed", checked_seed(seed))

    def __repr__(self) -> str:
        return f"Split(validation={self.fraction}, seed={self.seed})"

    def train(self, first_row: int, count: int) -> np.ndarray:
        """Mark the training rows among `count` rows from `first_row` on: bool [count]."""
        return ~self.validation(first_row, count)

    def validation(self, first_row: int, count: int) -> np.ndarray:
        """Mark the validation rows among `count` rows from `first_row` on: bool [count]."""
        # 53 bits: a float64 holds fraction * 2^53 exactly enough, and never rounds up to 2^64.
        draws = _splitmix64(self.seed, first_row, count) >> np.uint64(11)
        return draws < np.uint64(self.fraction * 2**53)


def checked_seed(seed: int) -> int:
    """Return the seed, or refuse what is not an integer in [0, 2^63).

    Example:
        >>> checked_seed(-1)
        Traceback (most recent call last):
        tfvae.InvalidInput: seed: expected an integer in [0, 2^63), received -1
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
        raise InvalidInput("seed", "an integer in [0, 2^63)", seed)
    return int(seed)


def count_kept(keep: Keep, size: int) -> int:
    """Count the rows that `keep` marks among the first `size`.

    Example:
        >>> count_kept(everything, 12_345)
        12345
    """
    if keep is everything:
        return size
    return sum(
        int(np.count_nonzero(keep(first, min(_COUNTING_ROWS, size - first))))
        for first in range(0, size, _COUNTING_ROWS)
    )


def _splitmix64(seed: int, first: int, count: int) -> np.ndarray:
    """Outputs first ... first + count of the generator splitmix64 started at mix(seed).

    Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
    """
    start = _mix(np.array([seed], np.uint64) + _GOLDEN)
    steps = np.arange(first + 1, first + 1 + count, dtype=np.uint64)
    return _mix(start + steps * _GOLDEN)  # arrays, not scalars: these wrap around without a warning


def _mix(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
