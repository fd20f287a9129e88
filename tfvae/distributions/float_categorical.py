"""The categorical distribution over floats."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor


class FloatCategorical(tfd.Categorical):
    """TFP's categorical distribution over 0.0, 1.0, ..., K - 1.0, with log density -inf at any other number.

    Args:
        logits: unnormalized log probabilities, [..., K].
        name: of the distribution.

    Example:
        >>> FloatCategorical(tf.zeros([4])).prob([2.0, 0.5]).numpy()
        array([0.25, 0.  ], dtype=float32)
    """

    def __init__(self, logits: Tensor, name: str = "FloatCategorical"):
        super().__init__(logits=logits, dtype=tf.float32, name=name)
        self._parameters = {"logits": logits, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"logits": tfp.util.ParameterProperties(event_ndims=1)}

    def _log_prob(self, x: Tensor) -> Tensor:
        log_probs = tf.math.log_softmax(self._logits_parameter_no_checks())
        same = tf.equal(x[..., tf.newaxis], tf.range(log_probs.shape[-1], dtype=tf.float32))
        chosen = tf.reduce_sum(tf.where(same, log_probs, 0.0), axis=-1)
        return tf.where(tf.reduce_any(same, axis=-1), chosen, -math.inf)
