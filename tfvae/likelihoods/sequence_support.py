"""Sequences of unequal lengths in one array: NaN in the steps after the last one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tfvae.core.support import Support
from tfvae.core.types import Array, Tensor


@dataclasses.dataclass(frozen=True)
class SequenceSupport(Support):
    """Sequences x [T, ...] whose steps after the last one are NaN; each has a first step.

    Attributes:
        low: smallest value.
        high: largest value.
        integer: whether only integers are values.
        missing: True, as NaN marks the padding.
        hint: what usually helps, added to the error message.

    Example:
        >>> support = SequenceSupport.from_support(Support(0.0, 1.0))
        >>> print(support)
        finite numbers in [0, 1] in one or more steps, and NaN in all steps after the last
        >>> bool(support.contains(np.array([[1.0, 0.0, np.nan]])))
        True
        >>> bool(support.contains(np.array([[1.0, np.nan, 0.0]])))
        False
    """

    missing_elementwise = False

    missing: bool = True

    @classmethod
    def from_support(cls, support: Support) -> SequenceSupport:
        """Return the support of sequences of what another support contains."""
        return cls(support.low, support.high, support.hint, support.integer)

    def invalid_missing(self, x: Array) -> dict[str, Array]:
        """Return which sequences have no step, and which have NaN before or in their last step."""
        there = ~np.isnan(x.reshape(*x.shape[:2], -1))
        numbers = there.sum(axis=2)
        steps, incomplete = numbers > 0, numbers < there.shape[2]
        empty = steps.sum(axis=1) == 0
        last = x.shape[1] - steps[:, ::-1].argmax(axis=1)
        inside = np.arange(x.shape[1]) < last[:, np.newaxis]
        return {"no step": empty, "NaN in a step": ((inside & incomplete).sum(axis=1) > 0) & ~empty}

    def contains(self, x: Array | Tensor) -> bool | Tensor:
        """Return whether every number is a value, and NaN stands in complete steps at the end alone."""
        numpy = tf.experimental.numpy if tf.is_tensor(x) else np
        numbers = ~numpy.isnan(numpy.reshape(x, (-1, x.shape[1], math.prod(x.shape[2:]))))
        steps = numbers[..., 0]
        complete = numpy.all(numbers == steps[..., np.newaxis])
        last = numpy.all(steps[:, :-1] | ~steps[:, 1:])
        return super().contains(x) & complete & last & numpy.all(steps[:, 0])

    def __str__(self) -> str:
        values = Support(self.low, self.high, integer=self.integer)
        return f"{values} in one or more steps, and NaN in all steps after the last{self.hint}"


def present(x: Tensor) -> Tensor:
    """Return which steps of sequences x [B, T, ...] are not padding, bool [B, T].

    Example:
        >>> present(tf.constant([[[1.0], [float("nan")]]])).numpy()
        array([[ True, False]])
    """
    return ~tf.math.is_nan(tf.reshape(x, (-1, x.shape[1], math.prod(x.shape[2:])))[..., 0])


def with_presence(seen: Tensor, there: Tensor) -> Tensor:
    """Return the numbers of each step and a 1, [B, T, n + 1]; zeros alone for padding.

    Args:
        seen: [B, T, ...], n numbers for each step.
        there: which steps are not padding, bool [B, T].

    Example:
        >>> with_presence(tf.constant([[[3.0], [0.0]]]), tf.constant([[True, False]])).numpy()
        array([[[3., 1.],
                [0., 0.]]], dtype=float32)
    """
    flat = tf.reshape(seen, (-1, seen.shape[1], math.prod(seen.shape[2:])))
    there = tf.cast(there, seen.dtype)[..., tf.newaxis]
    return tf.concat([flat, tf.ones_like(there)], axis=-1) * there
