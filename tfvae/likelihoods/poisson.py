"""The Poisson likelihood, for counts."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.types import Tensors
from tfvae.likelihoods.counts import Counts


class Poisson(Counts):
    """p(x|z) = prod_i mean_i^x_i exp(-mean_i) / x_i!,  mean = exp(log_mean(z)).

    The encoder sees log(1 + x). The logarithm of the mean is bounded by -16 and 16.

    Args:
        event_shape: shape of one example.

    Source: Zhao et al. 2020 (decoders for counts); Loader 2000 (the form of the density that is exact for
    large counts).

    Example:
        >>> import tensorflow as tf
        >>> px = Poisson((4,)).distribution({"log_mean": tf.zeros([5, 4])})
        >>> px.log_prob(tf.zeros([5, 4])).numpy()
        array([-4., -4., -4., -4., -4.], dtype=float32)
    """

    def elements(self, params: Tensors) -> tfd.Distribution:
        """Return Poisson(mean)."""
        return distributions.Poisson(log_rate=params["log_mean"])
