"""Which values a variable can have: intervals, integers, NaN for what is missing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfvae.core.types import Tensor

_SMALLEST, _LARGEST = tf.float32.min, tf.float32.max


@dataclasses.dataclass(frozen=True)
class Support:
    """The values that a likelihood gives a density to: an interval, or the finite numbers.

    Attributes:
        low: smallest value.
        high: largest value.
        integer: whether only integers are values.
        missing: whether NaN is taken as well, for a value that was not observed.
        hint: what usually helps, added to the error message.
        missing_elementwise: whether each number can be missing by itself.

    Example:
        >>> support = Support(0.0, 2.0, integer=True, missing=True)
        >>> print(support)
        integers in [0, 2], or NaN for missing
        >>> bool(support.contains(np.array([0.0, np.nan, 2.0]))), bool(support.contains(np.array([0.5])))
        (True, False)
    """

    low: float = -math.inf
    high: float = math.inf
    hint: str = ""
    integer: bool = False
    missing: bool = False
    missing_elementwise = True

    @property
    def bounded(self) -> bool:
        """Whether some finite numbers are no values, so that data cannot be shifted and scaled at will."""
        return self.integer or math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def fill_value(self) -> float:
        """A value to replace NaN with: 0, or the nearest to it in the support."""
        return min(max(self.low, 0.0), self.high)

    def parts(self, x: np.ndarray | Tensor) -> Iterator[tuple[Support, np.ndarray | Tensor]]:
        """Yield x, [B, *event], in parts that have one interval each, with that interval."""
        yield self, x

    def invalid_missing(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return which examples of an array, bool [B], have NaN where it may not be, by what is wrong."""
        return {}

    def contains(self, x: np.ndarray | Tensor) -> bool | Tensor:
        """Return whether every number of an array or tensor is a value."""
        numpy = tf.experimental.numpy if tf.is_tensor(x) else np
        if self.missing:
            x = numpy.where(numpy.isnan(x), self.fill_value, x)
        low, high = max(self.low, _SMALLEST), min(self.high, _LARGEST)
        # Two passes over memory: the extremes are NaN where any number is.
        inside = (numpy.min(x) >= low) & (numpy.max(x) <= high)
        return inside & numpy.all(x == numpy.floor(x)) if self.integer else inside

    def __str__(self) -> str:
        name = "integers" if self.integer else "finite numbers"
        if math.isfinite(self.low) and math.isfinite(self.high):
            name += f" in [{self.low:g}, {self.high:g}]"
        elif math.isfinite(self.low):
            name += f" of at least {self.low:g}"
        elif math.isfinite(self.high):
            name += f" of at most {self.high:g}"
        return name + (", or NaN for missing" if self.missing else "") + self.hint


@dataclasses.dataclass(frozen=True)
class RowSupport(Support):
    """The values of a support, or NaN in the whole of an example that is missing.

    Example:
        >>> support = RowSupport.from_support(Support(0.0))
        >>> print(support)
        finite numbers of at least 0, or NaN for missing throughout an example
        >>> bool(support.contains(np.array([[1.0, 2.0], [np.nan, np.nan]])))
        True
        >>> bool(support.contains(np.array([[1.0, np.nan]])))
        False
    """

    missing_elementwise = False

    @classmethod
    def from_support(cls, support: Support) -> RowSupport:
        """Return the support that takes missing examples as well."""
        hint = f" throughout an example{support.hint}"
        return cls(support.low, support.high, hint, support.integer, missing=True)

    def invalid_missing(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return which examples are NaN in some places only."""
        missing = np.isnan(x).reshape(len(x), -1)
        partly = np.any(missing, axis=1) & ~np.all(missing, axis=1)
        return {"NaN in some places": np.asarray(partly)}

    def contains(self, x: np.ndarray | Tensor) -> bool | Tensor:
        """Return whether every number is a value, or its example NaN throughout."""
        numpy = tf.experimental.numpy if tf.is_tensor(x) else np
        missing = numpy.reshape(numpy.isnan(x), (-1, math.prod(x.shape[1:])))
        by_example = numpy.all(numpy.any(missing, axis=1) == numpy.all(missing, axis=1))
        return super().contains(x) & by_example


@dataclasses.dataclass(frozen=True)
class ColumnSupports:
    """A support of its own for every column of a table; used as a `Support` is.

    Attributes:
        columns: the support of each entry of the last axis.

    Example:
        >>> supports = ColumnSupports((Support(), Support(0.0, 1.0)))
        >>> [print(support) for support, _ in supports.parts(np.zeros((5, 2)))][-1]
        finite numbers in column 0
        finite numbers in [0, 1] in column 1
    """

    columns: tuple[Support, ...]
    missing_elementwise = True

    @property
    def bounded(self) -> bool:
        """Whether any column is bounded."""
        return any(support.bounded for support in self.columns)

    @property
    def fill_value(self) -> np.ndarray:
        """A value of each column to replace NaN with, float32 [columns]."""
        return np.array([support.fill_value for support in self.columns], "float32")

    @property
    def missing(self) -> bool:
        """Whether any column takes NaN."""
        return any(support.missing for support in self.columns)

    def parts(self, x: np.ndarray | Tensor) -> Iterator[tuple[Support, np.ndarray | Tensor]]:
        """Yield the columns one by one, each with its support."""
        for index, support in enumerate(self.columns):
            yield dataclasses.replace(support, hint=f"{support.hint} in column {index}"), x[..., index]
