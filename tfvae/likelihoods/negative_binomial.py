"""The negative binomial likelihood, for counts that vary more than a Poisson's."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.types import DType, Shape, Tensors
from tfvae.likelihoods.counts import Counts, softly_bounded

_LARGEST_LOG_DISPERSION = 10.0


class NegativeBinomial(Counts):
    """p(x|z) = prod_i G(x_i + r_i) / (G(r_i) x_i!) (r_i / (r_i + m_i))^r_i (m_i / (r_i + m_i))^x_i.

    m = exp(log_mean(z)) is the mean; r, one trained number for each element, is the inverse dispersion:
    the variance is m + m^2 / r, which is a Poisson's as r grows. r starts at 1 and is bounded by exp(-10)
    and exp(10). The encoder sees log(1 + x), and log m is bounded by -16 and 16.

    Args:
        event_shape: shape of one example.

    Source: Lopez et al. 2018, Methods (scVI; the dispersion of a gene is shared by all cells).

    Example:
        >>> likelihood = NegativeBinomial((4,))
        >>> px = likelihood.distribution({"log_mean": tf.zeros([5, 4])})
        >>> px.distribution.variance()[0].numpy()
        array([2., 2., 2., 2.], dtype=float32)
    """

    def __init__(self, event_shape: Shape, *, name: str | None = None, dtype: DType = None):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.raw_log_r = self.add_weight(name="raw_log_r", shape=self.event_shape, initializer="zeros")

    def elements(self, params: Tensors) -> tfd.Distribution:
        """Return NegativeBinomial(mean m, r failures)."""
        log_r = softly_bounded(tf.convert_to_tensor(self.raw_log_r, tf.float32), _LARGEST_LOG_DISPERSION)
        return distributions.NegativeBinomial(params["log_mean"], tf.exp(log_r))
