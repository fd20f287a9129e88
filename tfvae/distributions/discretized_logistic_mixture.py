"""The mixture of discretized logistic distributions, over the pixels of 8-bit images."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.numerics import softplus
from tfvae.core.types import Shape, Tensor
from tfvae.distributions.base import UnvalidatedDistribution

_BIN = 2 / 255  # width of one of the 256 values' bins on [-1, 1]
_WIDEST_LOG_SCALE = 60.0  # whose inverse is a number of float32


class DiscretizedLogisticMixture(UnvalidatedDistribution):
    """Images x [H, W, C] of the values k/255, each pixel a mixture of K discretized logistics.

    p(x) = prod over pixels of sum_i pi_i prod_c [sigmoid((v_c + h - mu_ic) / s_ic)
                                                  - sigmoid((v_c - h - mu_ic) / s_ic)]

    with v = 2 x - 1 and h half the distance of two values; the first value's bin reaches to -infinity and the
    last one's to infinity, so the masses sum to 1. The components are shared by a pixel's channels, and the
    means depend on the channels before: mu_2 = m_2 + a v_1,  mu_3 = m_3 + b v_1 + c v_2.

    A number x between two of the values has the mass of the bin of the same width around it; one outside of
    [0, 1] counts as the nearer end. The mean is that of the logistics clipped to [0, 1].

    Args:
        logits: of pi, [..., H, W, K].
        means: m, on [-1, 1], [..., H, W, K, C].
        log_scales: log s, [..., H, W, K, C].
        coefficients: a, b and c for C = 3, [..., H, W, K, 3]; none for C = 1, [..., H, W, K, 0].
        event_shape: (H, W, C).
        name: of the distribution.

    Source: Salimans et al. 2017 (PixelCNN++), equations 1 to 3.

    Example:
        >>> logits, zeros, none = tf.zeros([1, 1, 2]), tf.zeros([1, 1, 2, 1]), tf.zeros([1, 1, 2, 0])
        >>> p = DiscretizedLogisticMixture(logits, zeros, zeros, none, (1, 1, 1))
        >>> values = tf.reshape(tf.range(256.0) / 255, [256, 1, 1, 1])
        >>> float(tf.reduce_sum(tf.exp(p.log_prob(values))).numpy().round(4))
        1.0
    """

    def __init__(
        self,
        logits: Tensor,
        means: Tensor,
        log_scales: Tensor,
        coefficients: Tensor,
        event_shape: Shape,
        name: str = "DiscretizedLogisticMixture",
    ):
        parameters = dict(locals())
        self._image_shape = tuple(event_shape)
        self._log_weights = tf.math.log_softmax(logits)
        self._means, self._log_scales, self._coefficients = means, log_scales, coefficients
        super().__init__(parameters, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        ranks = {"logits": 3, "means": 4, "log_scales": 4, "coefficients": 4}
        return {name: tfp.util.ParameterProperties(event_ndims=rank) for name, rank in ranks.items()}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape(self._image_shape)

    def _event_shape_tensor(self, **_: Any) -> Tensor:
        return tf.constant(self._image_shape, tf.int32)

    def _log_prob(self, x: Tensor) -> Tensor:
        x = 2 * tf.clip_by_value(x, 0.0, 1.0)[..., tf.newaxis, :] - 1  # [..., H, W, 1, C]
        channels = tf.unstack(x, axis=-1)
        means = [_mean_given(channels[:c], self._means, self._coefficients) for c in range(len(channels))]
        centered = tf.stack([value - mean for value, mean in zip(channels, means, strict=True)], axis=-1)
        inverse_scale = tf.exp(-self._log_scales)
        upper, lower = inverse_scale * (centered + 0.5 * _BIN), inverse_scale * (centered - 0.5 * _BIN)
        below, above = -softplus(-upper), -softplus(lower)
        # sigmoid(u) - sigmoid(l) = sigmoid(u) sigmoid(-l) (1 - exp(l - u)): no difference of near numbers.
        inner = below + above + _log_one_minus_exp(math.log(_BIN) - self._log_scales)
        log_mass = tf.where(x < 0.5 * _BIN - 1, below, tf.where(x > 1 - 0.5 * _BIN, above, inner))
        log_joint = self._log_weights + tf.reduce_sum(log_mass, axis=-1)
        return tf.reduce_sum(tf.reduce_logsumexp(log_joint, axis=-1), axis=[-2, -1])

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        component_seed, value_seed = tfp.random.split_seed(seed, n=2)
        weights = tfd.OneHotCategorical(logits=self._log_weights, dtype=tf.float32)
        component = weights.sample(n, seed=component_seed)[..., tf.newaxis]  # [n, ..., H, W, K, 1]
        means, log_scales, coefficients = (
            tf.reduce_sum(component * values, axis=-2)
            for values in (self._means, self._log_scales, self._coefficients)
        )
        noise = tfd.Logistic(0.0, 1.0).sample(tf.shape(means), seed=value_seed) * tf.exp(log_scales)
        channels: list[Tensor] = []
        for c in range(means.shape[-1]):
            value = _mean_given(channels, means, coefficients) + noise[..., c]
            number = tf.clip_by_value(tf.round((value + 1) / _BIN), 0.0, 255.0)
            channels.append(number * _BIN - 1)
        return tf.round((tf.stack(channels, axis=-1) + 1) / _BIN) / 255

    def _mean(self) -> Tensor:
        channels: list[Tensor] = []
        for c in range(self._means.shape[-1]):
            mean = _mean_given(channels, self._means, self._coefficients)
            channels.append(_clipped_mean(mean, self._log_scales[..., c]))
        weights = tf.exp(self._log_weights)[..., tf.newaxis]
        return 0.5 * (1 + tf.reduce_sum(weights * tf.stack(channels, axis=-1), axis=-2))


def _clipped_mean(mean: Tensor, log_scale: Tensor) -> Tensor:
    """Return E[min(max(v, -1), 1)] of a logistic v: the integral of P(v > t) over t in [-1, 1], minus 1."""
    scale = tf.exp(tf.minimum(log_scale, _WIDEST_LOG_SCALE))
    left = tf.where(mean > 0.0, -mean, mean)  # the clipped mean is an odd function, exact on this side
    lower, upper = (left - 1) / scale, (left + 1) / scale
    wide = scale > 1.0
    # For a wide logistic the two softplus are near each other; their difference is this logarithm.
    ratio = tf.math.expm1(tf.where(wide, 2.0 / scale, 0.0))
    integral = tf.where(wide, tf.math.log1p(tf.sigmoid(lower) * ratio), softplus(upper) - softplus(lower))
    clipped = scale * integral - 1
    return tf.where(mean > 0.0, -clipped, clipped)


def _mean_given(before: list[Tensor], means: Tensor, coefficients: Tensor) -> Tensor:
    """Return the mean of the next channel given those before it."""
    channel = len(before)
    first = channel * (channel - 1) // 2  # of its coefficients
    mean = means[..., channel]
    for number, value in enumerate(before):
        mean += coefficients[..., first + number] * value
    return mean


def _log_one_minus_exp(log_d: Tensor) -> Tensor:
    """log(1 - exp(-d)) of log d, also for d too small for 1 - exp(-d) in float32."""
    small = log_d < -7.0
    d = tf.exp(tf.maximum(log_d, -7.0))
    return tf.where(small, log_d - 0.5 * tf.exp(tf.minimum(log_d, -7.0)), tf.math.log(-tf.math.expm1(-d)))
