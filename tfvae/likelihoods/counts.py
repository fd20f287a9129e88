"""Likelihoods of counts: Poisson, and the negative binomial where counts vary more than that."""

from __future__ import annotations

import abc
import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.heads import Head
from tfvae.core.support import Support
from tfvae.likelihoods.base import Likelihood

_LARGEST_LOG_MEAN = 16.0  # float32 holds every integer up to exp(16.6)
_LARGEST_LOG_DISPERSION = 10.0


class Counts(Likelihood, abc.ABC):
    """Independent counts x_i = 0, 1, 2, ... with mean exp(log_mean_i(z)); abstract.

    The logarithm of the mean is held within -16 and 16, without a corner, so that no rate overflows.
    """

    support = Support(0.0, integer=True)

    def build(self, input_shape: tuple) -> None:
        """Make the projection to the logarithm of the mean."""
        self.head = Head(self.event_shape, 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"log_mean"}, [B, *event]."""
        (raw,) = tf.unstack(self.head(inputs), axis=-1)
        return {"log_mean": _bounded(raw, _LARGEST_LOG_MEAN)}

    @abc.abstractmethod
    def elements(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the distribution of the single counts, batch shape [..., *event]."""

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return an independent count for each element."""
        return tfd.Independent(self.elements(params), len(self.event_shape))

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return log(1 + x): counts range over orders of magnitude."""
        return tf.math.log1p(tf.maximum(x, 0.0))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return exp(log_mean)."""
        return tf.exp(params["log_mean"])


class Poisson(Counts):
    """p(x|z) = prod_i mean_i^x_i exp(-mean_i) / x_i!,  mean = exp(log_mean(z)).

    The encoder sees log(1 + x). The logarithm of the mean is held within -16 and 16.

    Args:
        event_shape: shape of one example.

    Source: Zhao et al. 2020 (decoders for counts); Loader 2000 (the form of the density that is exact for
    large counts).

    Example:
        >>> px = Poisson((4,)).distribution({"log_mean": tf.zeros([5, 4])})
        >>> px.log_prob(tf.zeros([5, 4])).numpy()
        array([-4., -4., -4., -4., -4.], dtype=float32)
    """

    def elements(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return Poisson(mean)."""
        return _Poisson(log_rate=params["log_mean"])


class NegativeBinomial(Counts):
    """p(x|z) = prod_i G(x_i + r_i) / (G(r_i) x_i!) (r_i / (r_i + m_i))^r_i (m_i / (r_i + m_i))^x_i.

    m = exp(log_mean(z)) is the mean; r, one trained number for each element, is the inverse dispersion:
    the variance is m + m^2 / r, which is a Poisson's as r grows. r starts at 1 and is held within exp(-10)
    and exp(10). The encoder sees log(1 + x), and log m is held within -16 and 16.

    Args:
        event_shape: shape of one example.

    Source: Lopez et al. 2018, Methods (scVI; the dispersion of a gene is shared by all cells).

    Example:
        >>> likelihood = NegativeBinomial((4,))
        >>> px = likelihood.distribution({"log_mean": tf.zeros([5, 4])})
        >>> px.distribution.variance()[0].numpy()
        array([2., 2., 2., 2.], dtype=float32)
    """

    def __init__(self, event_shape: tuple[int, ...], *, name: str | None = None, dtype: object = None):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.raw_log_r = self.add_weight(name="raw_log_r", shape=self.event_shape, initializer="zeros")

    def elements(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return NegativeBinomial(r failures, odds m / r)."""
        log_r = _bounded(tf.convert_to_tensor(self.raw_log_r, tf.float32), _LARGEST_LOG_DISPERSION)
        return tfd.NegativeBinomial(
            tf.exp(log_r), logits=params["log_mean"] - log_r, require_integer_total_count=False
        )


class _Poisson(tfd.Poisson):
    """TFP's Poisson with log p = -(half deviance) - Stirling's remainder, exact also for large counts.

    x log m - m - log x! is a small difference of numbers as large as x log x: at a mean of 1e6 it is out
    by one nat in float32.
    """

    def _log_prob(self, event: tf.Tensor) -> tf.Tensor:
        log_rate = self._log_rate_parameter_no_checks()
        rate = tf.exp(log_rate)
        excess = (event - rate) / rate
        near = tf.abs(excess) < 0.5
        safe = tf.where(near, excess, 0.0)
        close = rate * (tf.math.log1p(safe) - safe + safe * tf.math.log1p(safe))
        far = rate - event + event * (_log(event) - log_rate)
        return -tf.where(near, close, far) - _stirling_remainder(event)


def _stirling_remainder(x: tf.Tensor) -> tf.Tensor:
    """Log x! - (x log x - x), for x >= 0."""
    large = tf.maximum(x, 10.0)
    inverse = 1.0 / tf.square(large)
    series = (1 / 12 - inverse * (1 / 360 - inverse / 1260)) / large
    small = tf.clip_by_value(x, 0.0, 10.0)
    direct = tf.math.lgamma(1.0 + small) - small * _log(small) + small
    return tf.where(x > 10.0, 0.5 * tf.math.log(2 * math.pi * large) + series, direct)


def _log(x: tf.Tensor) -> tf.Tensor:
    """Log x, finite at 0."""
    return tf.math.log(tf.maximum(x, 1e-30))


def _bounded(raw: tf.Tensor, limit: float) -> tf.Tensor:
    """Return `raw` near 0, within (-limit, limit), with a gradient that falls slowly and is never cut off."""
    return raw * tf.math.rsqrt(1.0 + tf.square(raw / limit))
