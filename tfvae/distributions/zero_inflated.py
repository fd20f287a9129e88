"""Zero inflation: a count with more zeros than its distribution has."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.numerics import softplus
from tfvae.core.types import Tensor


class ZeroInflated(tfd.AutoCompositeTensorDistribution):
    """A count that is set to 0 with probability pi = sigmoid(inflation).

    p(x) = pi [x = 0] + (1 - pi) f(x)

    Not `tfd.Inflated`, which takes the logit twice: its pi is sigmoid(2 inflated_loc_logits). A composite
    tensor, because `tfd.Independent` makes an object of another class around anything else.

    Args:
        inflation: logit of pi, [...].
        counts: f, a distribution over 0, 1, 2, ... of the same batch shape.
        name: of the distribution.

    Source: Lopez et al. 2018, Methods (scVI).

    Example:
        >>> p = ZeroInflated(tf.zeros([]), tfd.Poisson(1.0))
        >>> float(p.mean()), float(p.prob(0.0))    # (1 + 1 / e) / 2
        (0.5, 0.68393...)
    """

    def __init__(self, inflation: Tensor, counts: tfd.Distribution, name: str = "ZeroInflated"):
        parameters = dict(locals())
        self._inflation, self._counts = inflation, counts
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {
            "inflation": tfp.util.ParameterProperties(),
            "counts": tfp.util.BatchedComponentProperties(),
        }

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return tf.zeros([0], tf.int32)

    def _log_prob(self, x: Tensor) -> Tensor:
        # log(pi + (1 - pi) f), in the form that does not cancel for the sign of pi's logit.
        log_f, logit = self._counts.log_prob(x), self._inflation
        above = softplus(-tf.abs(log_f - logit))
        likely = above + tf.maximum(log_f, logit) - softplus(logit)
        unlikely = softplus(log_f - logit) - softplus(-logit)
        at_zero = tf.where(logit > 0.0, unlikely, likely)
        return tf.where(x > 0.0, log_f - softplus(logit), at_zero)

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        kept, counts = tfp.random.split_seed(seed, 2)
        counts = self._counts.sample(n, seed=counts)
        uniform = tf.random.stateless_uniform(tf.shape(counts), kept)
        return tf.where(uniform < tf.sigmoid(self._inflation), 0.0, counts)

    def _mean(self) -> Tensor:
        return tf.sigmoid(-self._inflation) * self._counts.mean()

    def _variance(self) -> Tensor:
        kept = tf.sigmoid(-self._inflation)
        return kept * (self._counts.variance() + tf.sigmoid(self._inflation) * tf.square(self._counts.mean()))
