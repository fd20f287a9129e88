"""Independent relaxed one-hot variables as one vector: the concrete distribution."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution
from tfvae.distributions.categorical_draws import gumbel_from_normal
from tfvae.distributions.rows import concatenate_rows, split_rows

_SMALLEST = 1e-30  # of an entry: its logarithm and its inverse fit float32


class Concrete(UnvalidatedDistribution):
    """V independent concrete variables of K entries, concatenated to an event of V K numbers.

    log p(z) = sum_v log (K - 1)! + (K - 1) log t + sum_k (a_k - (t + 1) log z_k)
               - K log sum_k exp(a_k - t log z_k)

    with logits a and temperature t, a density over each row's first K - 1 entries. Entries below 1e-30
    are taken as 1e-30.

    Args:
        temperature: t > 0.
        logits: unnormalized log probabilities a, [..., V, K].
        name: of the distribution.

    Source: Maddison et al. 2017, definition 1; Jang et al. 2017, appendix B.

    Example:
        >>> p = Concrete(1.0, tf.zeros([1, 2]))    # uniform over (z, 1 - z)
        >>> round(float(p.log_prob([0.3, 0.7])), 5)
        0.0
    """

    def __init__(self, temperature: float, logits: Tensor, name: str = "Concrete"):
        parameters = {"temperature": temperature, "logits": logits, "name": name}
        self._temperature, self._logits = temperature, logits
        self._rows = tuple(logits.shape[-2:])
        super().__init__(parameters, tfd.FULLY_REPARAMETERIZED, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {
            "temperature": tfp.util.ParameterProperties(),
            "logits": tfp.util.ParameterProperties(event_ndims=2),
        }

    def from_noise(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Transform standard normal noise into a draw.

        z = softmax((a + g) / t),  g the Gumbel numbers of the noise

        Args:
            noise: [..., V K].

        Returns:
            z [..., V K] and log p(z) [...].
        """
        scores = (self._logits + gumbel_from_normal(split_rows(noise, self._rows))) / self._temperature
        log_z = tf.maximum(tf.nn.log_softmax(scores), math.log(_SMALLEST))
        return concatenate_rows(tf.exp(log_z)), self._log_density(log_z)

    def _log_density(self, log_z: Tensor) -> Tensor:
        categories, temperature = self._rows[1], self._temperature
        constant = math.lgamma(categories) + (categories - 1) * math.log(temperature)
        inverse = self._logits - temperature * log_z
        terms = tf.reduce_sum(inverse - log_z, axis=-1) - categories * tf.reduce_logsumexp(inverse, axis=-1)
        return tf.reduce_sum(constant + terms, axis=-1)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_density(tf.math.log(tf.maximum(split_rows(x, self._rows), _SMALLEST)))

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        noise = tfd.Normal(tf.zeros(tf.shape(concatenate_rows(self._logits))), 1.0).sample(n, seed=seed)
        return self.from_noise(noise)[0]

    def _batch_shape(self) -> tf.TensorShape:
        return self._logits.shape[:-2]

    def _batch_shape_tensor(self) -> Tensor:
        return tf.shape(self._logits)[:-2]

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([math.prod(self._rows)])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([math.prod(self._rows)])
