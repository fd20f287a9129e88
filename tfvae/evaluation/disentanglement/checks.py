"""The checks of codes and factors that all measures share."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.types import ArrayLike

_LARGEST = float(np.finfo(np.float32).max)  # squares and sums of such numbers are finite in float64


def checked(
    codes: ArrayLike, factors: ArrayLike, least_codes: int = 1, least_factors: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and factors as float64 arrays.

    Args:
        codes: latent variables, [N, D].
        factors: the factors that generated the data, [N, K].
        least_codes: smallest D.
        least_factors: smallest K.

    Raises:
        InvalidInput: for other shapes, different N, numbers that are not finite in float32, and a factor with
            the same value in all rows.

    Example:
        >>> checked([[0.5], [1.0]], [[2], [2]])
        Traceback (most recent call last):
        tfvae.InvalidInput: factors: expected more than one value of each factor, received a constant factor 0
    """
    codes = matrix("codes", codes, least_codes)
    factors = matrix("factors", factors, least_factors)
    if len(codes) != len(factors):
        raise InvalidInput("factors", f"one row for each of the {len(codes)} codes", len(factors))
    for number, values in enumerate(factors.T):
        if np.all(values == values[0]):
            raise InvalidInput("factors", "more than one value of each factor", f"a constant factor {number}")
    return codes, factors


def matrix(argument: str, values: ArrayLike, least_columns: int = 1) -> np.ndarray:
    """Return finite numbers [N, columns] as float64.

    Args:
        argument: name of the argument in messages.
        values: the numbers.
        least_columns: smallest number of columns.

    Raises:
        InvalidInput: for another shape, no rows, and numbers that are not finite in float32.

    Example:
        >>> matrix("codes", [[1, 2], [3, float("nan")]])
        Traceback (most recent call last):
        tfvae.InvalidInput: codes: expected finite float32 numbers, received NaN or infinity in row 1
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(argument, "an array of numbers", error) from None
    if array.ndim != 2 or not len(array) or array.shape[1] < least_columns:
        raise InvalidInput(argument, f"shape [N, columns] with at least {least_columns}", array.shape)
    finite = np.isfinite(array).all(axis=1) & (np.abs(array) <= _LARGEST).all(axis=1)
    if not finite.all():
        received = f"NaN or infinity in row {int(np.argmin(finite))}"
        raise InvalidInput(argument, "finite float32 numbers", received)
    return array


def is_discrete(factor: np.ndarray) -> bool:
    """Return whether a factor is discrete: all its values are integers, in any dtype.

    Args:
        factor: values [N].

    Example:
        >>> is_discrete(np.array([0.0, 2.0])), is_discrete(np.array([0.0, 0.5]))
        (True, False)
    """
    return bool(np.all(factor == np.floor(factor)))
