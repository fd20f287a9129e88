"""What the likelihoods of counts share: the mean from the network, and what the encoder sees."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.support import Support
from tfvae.core.types import Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood

_LARGEST_LOG_MEAN = 16.0  # float32 holds every integer up to exp(16.6)


class Counts(ProjectedLikelihood, abc.ABC):
    """Independent counts x_i = 0, 1, 2, ... with mean exp(log_mean_i(z)); abstract.

    The logarithm of the mean is bounded smoothly by -16 and 16, so that no rate overflows.

    Args:
        event_shape: shape of one example.
    """

    support = Support(0.0, integer=True)

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"log_mean"}, [B, *event]."""
        return {"log_mean": softly_bounded(raw[..., 0], _LARGEST_LOG_MEAN)}

    @abc.abstractmethod
    def elements(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of the single counts, batch shape [..., *event]."""

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent count for each element."""
        return tfd.Independent(self.elements(params), len(self.event_shape))

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return log(1 + x): counts range over orders of magnitude."""
        return tf.math.log1p(tf.maximum(x, 0.0))

    def mean(self, params: Tensors) -> Tensor:
        """Return exp(log_mean)."""
        return tf.exp(params["log_mean"])


def softly_bounded(raw: Tensor, limit: float) -> Tensor:
    """Return raw / sqrt(1 + (raw / limit)^2): raw near 0, within (-limit, limit).

    Its gradient falls like |raw|^-3, where that of tanh falls exponentially.

    Args:
        raw: [...].
        limit: positive.

    Example:
        >>> softly_bounded(tf.constant([0.0, 0.1, 1e6]), 10.0).numpy().round(3)
        array([ 0. ,  0.1, 10. ], dtype=float32)
    """
    return raw * tf.math.rsqrt(1.0 + tf.square(raw / limit))
