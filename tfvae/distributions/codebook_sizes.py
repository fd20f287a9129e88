"""Numbers of codes at positions whose codebooks may differ in size."""

from __future__ import annotations

import math
from collections.abc import Iterable

import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensor


def codes_by_position(num_codes: int | tuple[int, ...], num_positions: int) -> tuple[int, ...]:
    """Return the number of codes at each position.

    Args:
        num_codes: one number for all positions, or one for each.
        num_positions: number of positions.

    Raises:
        InvalidInput: for a number below 2, or for another number of them than there are positions.

    Example:
        >>> codes_by_position(4, 3), codes_by_position([4, 8], 2)
        ((4, 4, 4), (4, 8))
    """
    sizes = tuple(num_codes) if isinstance(num_codes, Iterable) else (num_codes,) * num_positions
    if len(sizes) != num_positions:
        raise InvalidInput("num_codes", f"one number, or one for each of {num_positions} positions", sizes)
    return tuple(integer("num_codes", size, 2) for size in sizes)


def shared_num_codes(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the number of codes that all positions share, or the number at each where these differ.

    Example:
        >>> shared_num_codes((4, 4, 4)), shared_num_codes((4, 8))
        (4, (4, 8))
    """
    return sizes[0] if len(set(sizes)) == 1 else sizes


def uniform_logits(sizes: tuple[int, ...]) -> Tensor:
    """Return logits [P, K] of the uniform distributions over `sizes` codes; -inf beyond the last code.

    Example:
        >>> uniform_logits((1, 2)).numpy()
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
    """
    return tf.where(tf.sequence_mask(sizes, max(sizes)), 0.0, -math.inf)
