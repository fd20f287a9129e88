"""Independent one-hot variables as one vector."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.rows import concatenate_rows, split_rows


class OneHotRows(tfd.Independent):
    """V independent one-hot variables of K categories, concatenated to an event of V K numbers.

    log p(z) = sum_vk z_vk log softmax(logits_v)_k

    The KL divergence of two of them is in closed form.

    Args:
        logits: unnormalized log probabilities, [..., V, K].
        name: of the distribution.

    Example:
        >>> p = OneHotRows(tf.zeros([2, 3]))
        >>> float(p.log_prob([1.0, 0.0, 0.0, 0.0, 0.0, 1.0]))    # -2 log 3
        -2.197224...
    """

    def __init__(self, logits: Tensor, name: str = "OneHotRows"):
        self._rows = tuple(logits.shape[-2:])
        super().__init__(
            tfd.OneHotCategorical(logits=logits, dtype=tf.float32), reinterpreted_batch_ndims=1, name=name
        )
        self._parameters = {"logits": logits, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"logits": tfp.util.ParameterProperties(event_ndims=2)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([math.prod(self._rows)])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([math.prod(self._rows)])

    def _log_prob(self, x: Tensor) -> Tensor:
        terms = split_rows(x, self._rows) * tf.nn.log_softmax(self.distribution.logits)
        return tf.reduce_sum(terms, axis=(-2, -1))

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        return concatenate_rows(super()._sample_n(n, seed))

    def _mean(self) -> Tensor:
        return concatenate_rows(super()._mean())

    def _mode(self) -> Tensor:
        return concatenate_rows(super()._mode())


@tfd.RegisterKL(OneHotRows, OneHotRows)
def _kl_one_hot_rows(q: OneHotRows, p: OneHotRows, name: str | None = None) -> Tensor:
    return tf.reduce_sum(tfd.kl_divergence(q.distribution, p.distribution), axis=-1)
