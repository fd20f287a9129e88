"""Sequences of unequal lengths in one array: NaN in the steps after the last one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.support import Support
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.missing_at_random import MissingAtRandom


@dataclasses.dataclass(frozen=True)
class SequenceSupport(Support):
    """Sequences x [T, ...] whose steps after the last one are NaN; each has a first step.

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
        """Return the support of sequences of what another support covers."""
        return cls(support.low, support.high, support.hint, support.integer)

    def invalid_missing(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return which sequences have no step, and which have NaN before or in their last step."""
        there = ~np.isnan(x.reshape(*x.shape[:2], -1))
        empty, steps = ~there.any(axis=(1, 2)), there.any(axis=2)
        last = x.shape[1] - steps[:, ::-1].argmax(axis=1)
        inside = np.arange(x.shape[1]) < last[:, np.newaxis]
        return {"no step": empty, "NaN in a step": (inside & ~there.all(axis=2)).any(axis=1) & ~empty}

    def contains(self, x: np.ndarray | tf.Tensor) -> bool | tf.Tensor:
        """Return whether every number is a value, and NaN stands in whole steps at the end alone."""
        numpy = tf.experimental.numpy if tf.is_tensor(x) else np
        numbers = ~numpy.isnan(numpy.reshape(x, (-1, x.shape[1], math.prod(x.shape[2:]))))
        steps = numbers[..., 0]
        whole = numpy.all(numbers == steps[..., np.newaxis])
        last = numpy.all(steps[:, :-1] | ~steps[:, 1:])
        return super().contains(x) & whole & last & numpy.all(steps[:, 0])

    def __str__(self) -> str:
        values = Support(self.low, self.high, integer=self.integer)
        return f"{values} in one or more steps, and NaN in all steps after the last{self.hint}"


def present(x: tf.Tensor) -> tf.Tensor:
    """Return which steps of sequences x [B, T, ...] are there, bool [B, T]."""
    return ~tf.math.is_nan(tf.reshape(x, (-1, x.shape[1], math.prod(x.shape[2:])))[..., 0])


def with_presence(seen: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """Return [B, T, n + 1]: the numbers of each step and a 1, or zeros alone for a step that is not there."""
    flat = tf.reshape(seen, (-1, seen.shape[1], math.prod(seen.shape[2:])))
    there = tf.cast(there, seen.dtype)[..., tf.newaxis]
    return tf.concat([flat, tf.ones_like(there)], axis=-1) * there


class Padded(Likelihood):
    """p(x|z) = prod over the steps that are there of p(x_t|z), for sequences x [T, ...] padded with NaN.

    Sequences of unequal lengths are filled up to T steps with NaN, so that there is no value that could
    have a say. The likelihood is that of the values given the length. The encoder sees [T, n + 1]: each
    step's numbers and a 1, and zeros alone in the padding, which `networks.recurrent` passes over. `mean`
    has all T steps.

    Args:
        likelihood: a likelihood of T steps whose elements are independent given z, such as `Normal((T, D))`.

    Example:
        >>> from tfvae.likelihoods import Normal
        >>> likelihood = Padded(Normal((3, 1), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 3, 1])})
        >>> nan = float("nan")
        >>> px.log_prob([[[0.0], [nan], [nan]]]).numpy().round(3)    # -log(2 pi) / 2 once
        array([-0.919], dtype=float32)
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: object = None):
        observed = MissingAtRandom(likelihood, dtype=dtype)
        super().__init__(likelihood.event_shape, name=name, dtype=dtype)
        self.likelihood = likelihood
        self.observed = observed
        self.support = SequenceSupport.from_support(likelihood.support)

    def build(self, input_shape: tuple) -> None:
        """Make the likelihood's weights, and see that its elements are independent."""
        self.observed.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the likelihood's parameters."""
        return self.observed(inputs)

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the likelihood's distribution, with log-density 0 for elements that are NaN."""
        return self.observed.distribution(params)

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the likelihood's encoder sees of each step and a 1, [B, T, n + 1]; zeros in padding."""
        return with_presence(self.observed.encoder_input(x), present(x))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] of all steps."""
        return self.observed.mean(params)
