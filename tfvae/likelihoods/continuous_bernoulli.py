"""The continuous Bernoulli likelihood, a density for gray values."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.heads import Head
from tfvae.core.support import Support
from tfvae.likelihoods.base import Likelihood


class ContinuousBernoulli(Likelihood):
    """p(x|z) = prod_i C(p_i) p_i^x_i (1 - p_i)^(1 - x_i),  x_i in [0, 1],  p = sigmoid(logits(z)).

    C(p) = 2 artanh(1 - 2 p) / (1 - 2 p), and 2 at p = 1/2

    The constant C makes the Bernoulli's cross entropy a density of gray values. With l = logits,

    log p(x|l) = l (x - 1/2) - log(sinh(l/2) / (l/2))

    Args:
        event_shape: shape of one example.

    Source: Loaiza-Ganem and Cunningham 2019, proposition 1.

    Example:
        >>> likelihood = ContinuousBernoulli((4,))
        >>> px = likelihood.distribution({"logits": tf.zeros([5, 4])})
        >>> px.log_prob(tf.ones([5, 4])).numpy()    # the uniform density
        array([0., 0., 0., 0., 0.], dtype=float32)
    """

    support = Support(0.0, 1.0, hint=" (divide 8-bit images by 255)")

    def build(self, input_shape: tuple) -> None:
        """Make the projection to logits."""
        self.head = Head(self.event_shape, 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"logits"}, [B, *event]."""
        (logits,) = tf.unstack(self.head(inputs), axis=-1)
        return {"logits": logits}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return an independent continuous Bernoulli for each element."""
        return tfd.Independent(_Logits(logits=params["logits"]), len(self.event_shape))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] = 1 / (1 - exp(-l)) - 1 / l, which is not sigmoid(l)."""
        return _mean(params["logits"])


class _Logits(tfd.ContinuousBernoulli):
    """TFP's continuous Bernoulli with a density of fewer operations, and draws that are right for l < 0.

    TFP's own quantile is log(1 + p expm1(l)) / l, which is infinite in float32 for p near 1 and l < -16.
    """

    def _log_prob(self, event: tf.Tensor) -> tf.Tensor:
        logits = self._logits_parameter_no_checks()
        size, clipped = _branches(logits)
        # l (x - 1/2) - |l| / 2 = l x - max(l, 0), without the rounding of two large halves.
        tail = tf.math.log(size) - tf.math.log(1.0 - tf.exp(-size))
        large = logits * event - tf.maximum(logits, 0.0) + tail
        square = tf.square(clipped)
        small = clipped * (event - 0.5) - square * _series(
            square, 1 / 24, -1 / 2880, 1 / 181440, -1 / 9676800
        )
        inside = (event >= 0.0) & (event <= 1.0)
        return tf.where(inside, tf.where(size > 1.0, large, small), -float("inf"))

    def _mean(self, logits: tf.Tensor | None = None) -> tf.Tensor:
        return _mean(self._logits_parameter_no_checks() if logits is None else logits)

    def _quantile(self, p: tf.Tensor, logits: tf.Tensor | None = None) -> tf.Tensor:
        logits = self._logits_parameter_no_checks() if logits is None else logits
        # Of the decreasing density, and its mirror image for l > 0: no exponential of a positive number.
        rising = logits > 0.0
        size = tf.maximum(tf.abs(logits), 1e-6)
        area = tf.minimum(tf.where(rising, 1.0 - p, p), 1.0 - 2.0**-24)
        value = tf.minimum(-tf.math.log1p(area * tf.math.expm1(-size)) / size, 1.0)
        return tf.where(rising, 1.0 - value, value)


def _mean(logits: tf.Tensor) -> tf.Tensor:
    size, clipped = _branches(logits)
    exponential = tf.exp(-size)
    lower = 1.0 / size - exponential / (1.0 - exponential)  # the mean at -|l|
    large = tf.where(logits > 0.0, 1.0 - lower, lower)
    ratio = _series(tf.square(clipped), 1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160)
    return tf.where(size > 1.0, large, 0.5 + clipped * ratio)


def _branches(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return max(|l|, 1), and l held within [-1, 1], where a few terms of a series are exact in float32."""
    return tf.maximum(tf.abs(logits), 1.0), tf.clip_by_value(logits, -1.0, 1.0)


def _series(x: tf.Tensor, *coefficients: float) -> tf.Tensor:
    total = tf.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
