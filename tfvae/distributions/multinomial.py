"""The multinomial distribution for any number of trials."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.saddle_point import half_deviance, stirling_remainder


class Multinomial(tfd.OneHotCategorical):
    """Counts x of K categories, given their sum; draws and the mean are those of one trial.

    log p(x) = log n! - sum_k log x_k! + sum_k x_k log softmax(l)_k,  n = sum_k x_k

    It is computed as R(n) - sum_k R(x_k) - sum_k D(x_k; n p_k) with half the deviance D(x; m) =
    x log(x / m) + m - x and the remainder R(x) = log x! - (x log x - x) of Stirling's formula, in which no
    large numbers cancel.

    n is not part of the distribution: p sums to 1 over all x with the same sum. The sum of n draws has the
    distribution of n trials.

    Args:
        logits: l, [..., K].
        name: of the distribution.

    Source: Liang et al. 2018 (Mult-VAE), equation 2, which leaves the coefficient out; Loader 2000
    (the saddle-point form).

    Example:
        >>> float(Multinomial(tf.zeros([2])).prob([1.0, 1.0]))    # of (2, 0), (1, 1) and (0, 2)
        0.5...
    """

    def __init__(self, logits: Tensor, name: str = "Multinomial"):
        super().__init__(logits=logits, dtype=tf.float32, name=name)
        self._parameters = {"logits": logits, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"logits": tfp.util.ParameterProperties(event_ndims=1)}

    def _log_prob(self, x: Tensor) -> Tensor:
        logits = self._logits_parameter_no_checks()
        n = tf.reduce_sum(x, -1, keepdims=True)
        log_mean = tf.math.log(tf.maximum(n, 1.0)) + tf.nn.log_softmax(logits)
        deviance = tf.reduce_sum(half_deviance(x, n * tf.nn.softmax(logits), log_mean), -1)
        return stirling_remainder(n[..., 0]) - tf.reduce_sum(stirling_remainder(x), -1) - deviance
