"""What most arguments must be, checked in one place: numbers in a range, sizes, networks."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeGuard

from tfvae.core.errors import InvalidInput

if TYPE_CHECKING:
    import keras


def integer(argument: str, value: int, at_least: int = 1, at_most: int | None = None) -> int:
    """Return an integer of a range as an int, NumPy's as well; True, 2.0 and others are rejected.

    Raises:
        InvalidInput: names the argument.

    Example:
        >>> integer("steps", 0)
        Traceback (most recent call last):
        tfvae.InvalidInput: steps: expected an integer of at least 1, received 0
    """
    if not _is_whole(value) or value < at_least or (at_most is not None and value > at_most):
        kind = f"of at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
        raise InvalidInput(argument, f"an integer {kind}", repr(value))
    return int(value)


def integers(argument: str, values: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return sizes, one or more integers of at least 1, as a tuple; a single one may stand alone.

    Raises:
        InvalidInput: names the argument.

    Example:
        >>> integers("hidden", [8, 4]), integers("hidden", 8)
        ((8, 4), (8,))
    """
    sizes = tuple(values) if isinstance(values, Iterable) else (values,)
    if not sizes or not all(_is_whole(size) and size >= 1 for size in sizes):
        raise InvalidInput(argument, "one or more integers of at least 1", repr(values))
    return tuple(int(size) for size in sizes)


def real_number(argument: str, value: float, at_least: float = -math.inf, at_most: float = math.inf) -> float:
    """Return a finite number of a range, its ends among it, as a float.

    Raises:
        InvalidInput: names the argument.

    Example:
        >>> real_number("rate", 1, at_least=0, at_most=1)
        1.0
        >>> real_number("beta", float("nan"), at_least=0)
        Traceback (most recent call last):
        tfvae.InvalidInput: beta: expected a number of at least 0, received nan
    """
    if not _is_finite(value) or not at_least <= value <= at_most:
        if math.isfinite(at_least) and math.isfinite(at_most):
            kind = f"a number from {at_least:g} to {at_most:g}"
        elif math.isfinite(at_least):
            kind = f"a number of at least {at_least:g}"
        else:
            kind = f"a number of at most {at_most:g}" if math.isfinite(at_most) else "a finite number"
        raise InvalidInput(argument, kind, repr(value))
    return float(value)


def positive(argument: str, value: float) -> float:
    """Return a finite number above 0 as a float.

    Raises:
        InvalidInput: names the argument.
    """
    if not _is_finite(value) or not value > 0:
        raise InvalidInput(argument, "a positive number", repr(value))
    return float(value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number, Python's or NumPy's; True and False are none.

    Example:
        >>> import numpy as np
        >>> is_number(np.float32(2)), is_number(np.int64(2)), is_number(True)
        (True, True, False)
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def keras_layer(argument: str, value: keras.Layer) -> keras.Layer:
    """Return a Keras layer or model unchanged.

    Raises:
        InvalidInput: names the argument.
    """
    import keras  # here, as the command checks numbers before TensorFlow starts

    if not isinstance(value, keras.Layer):
        raise InvalidInput(argument, "a Keras layer or model", repr(value))
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_finite(value: object) -> bool:
    return is_number(value) and math.isfinite(value)
