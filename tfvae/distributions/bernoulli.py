"""The Bernoulli distribution with a log-probability that is finite at any logits."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.numerics import softplus
from tfvae.core.types import Tensor


class Bernoulli(tfd.Bernoulli):
    """TFP's Bernoulli in a third of the operations, over floats.

    log p(x) = x l - log(1 + exp(l))

    For x between 0 and 1 this is the negative cross entropy of x and sigmoid(l).

    Args:
        logits: l, [...].
        name: of the distribution.

    Example:
        >>> Bernoulli(tf.constant([0.0, 200.0])).log_prob([1.0, 0.0]).numpy()
        array([  -0.6931472, -200.       ], dtype=float32)
    """

    def __init__(self, logits: Tensor, name: str = "Bernoulli"):
        super().__init__(logits=logits, dtype=tf.float32, name=name)
        self._parameters = {"logits": logits, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"logits": tfp.util.ParameterProperties()}

    def _log_prob(self, event: Tensor) -> Tensor:
        logits = self._logits_parameter_no_checks()
        return event * logits - softplus(logits)
