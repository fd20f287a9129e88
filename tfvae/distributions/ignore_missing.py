"""A distribution whose density passes over missing values."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class IgnoreMissing(UnvalidatedDistribution):
    """A distribution of single numbers in which NaN has log density 0, and gradient 0.

    A product of these over the elements of x is p of the observed elements alone.

    Args:
        elements: the distribution of the numbers, batch shape [...].
        fill_value: a number of its support, which replaces NaN before the density is computed.
        name: of the distribution.

    Example:
        >>> IgnoreMissing(tfd.Normal(0.0, 1.0), 0.0).log_prob([0.0, float("nan")]).numpy().round(3)
        array([-0.919,  0.   ], dtype=float32)
    """

    def __init__(self, elements: tfd.Distribution, fill_value: float, name: str = "IgnoreMissing"):
        parameters = dict(locals())
        self._elements, self._fill_value = elements, fill_value
        super().__init__(parameters, elements.reparameterization_type, elements.dtype, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"elements": tfp.util.BatchedComponentProperties()}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([], tf.int32)

    def _log_prob(self, x: Tensor) -> Tensor:
        # Before the density: its gradient at NaN is NaN, also where the density is not used.
        missing = tf.math.is_nan(x)
        log_prob = self._elements.log_prob(tf.where(missing, self._fill_value, x))
        return tf.where(missing, 0.0, log_prob)

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        return self._elements.sample(n, seed=seed)

    def _mean(self) -> Tensor:
        return self._elements.mean()
