"""The mixture of discretized logistic distributions, for 8-bit images."""

from __future__ import annotations

import math

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.distributions.base import BaseDistribution
from tfvae.likelihoods.base import Likelihood

_BIN = 2 / 255  # width of one of the 256 values' bins on [-1, 1]
_SMALLEST_LOG_SCALE = -7.0


class DiscretizedLogisticMixture(Likelihood):
    """A log-mass over the 256 values k/255 of each pixel and channel, from a mixture of K logistics.

    p(x|pi, mu, s) = sum_i pi_i [sigmoid((x + h - mu_i) / s_i) - sigmoid((x - h - mu_i) / s_i)]
    with x scaled to [-1, 1] and h half the distance of two values; the first value's bin reaches to
    -infinity and the last one's to infinity, so the masses sum to 1. In color the components are shared by
    a pixel's channels, and the means depend on the channels before:
    mu_green = m_green + a x_red,  mu_blue = m_blue + b x_red + c x_green;  a, b, c in (-1, 1).

    The scale is at least exp(-7). A number x between two of the values has the mass of the bin of the same
    width around it; one outside of [0, 1] counts as the nearer end.

    Args:
        event_shape: (height, width, 1) or (height, width, 3); x in [0, 1].
        num_components: K.

    Source: Salimans et al. 2017 (PixelCNN++), equations 1 to 3.

    Example:
        >>> likelihood = DiscretizedLogisticMixture((1, 1, 1), num_components=5)
        >>> px = likelihood.distribution(likelihood(tf.ones([1, 4])))
        >>> values = tf.reshape(tf.range(256.0) / 255, [256, 1, 1, 1])
        >>> float(tf.reduce_sum(tf.exp(px.log_prob(values))).numpy().round(4))
        1.0
    """

    support = Support(0.0, 1.0, hint=" (divide 8-bit images by 255)")

    def __init__(
        self,
        event_shape: tuple[int, int, int],
        num_components: int = 10,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 3 or self.event_shape[-1] not in (1, 3):
            raise InvalidInput("event_shape", "(height, width, 1) or (height, width, 3)", self.event_shape)
        self.num_components = integer("num_components", num_components)

    def build(self, input_shape: tuple) -> None:
        """Make the projection to weights, means, scales and, in color, the coefficients a, b and c."""
        per_component = {1: 3, 3: 10}[self.event_shape[-1]]
        grid = (*self.event_shape[:2], 1)
        self.head = Head(grid, per_component * self.num_components, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"raw"}, [B, H, W, 3 K] in gray and [B, H, W, 10 K] in color."""
        return {"raw": self.head(inputs)[..., 0, :]}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the distribution of an image."""
        return _Mixture(params["raw"], self.event_shape, self.num_components)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] of the logistics clipped to [0, 1], [..., H, W, C].

        It is within half a bin, 1/510, of the discretized mean in gray; in color, where channels depend
        on each other, as close as clipping the earlier channels can be left out of account.
        """
        return self.distribution(params).mean()


class _Mixture(BaseDistribution):
    """Images whose pixels are independent mixtures; components are shared by a pixel's channels.

    Within, values are on [-1, 1].
    """

    def __init__(self, raw: tf.Tensor, event_shape: tuple[int, ...], num_components: int):
        parameters = dict(locals())
        self._image_shape = tuple(event_shape)
        channels = self._image_shape[-1]
        shape = tf.concat([tf.shape(raw)[:-1], [num_components, raw.shape[-1] // num_components - 1]], 0)
        given = tf.reshape(raw[..., num_components:], shape)
        self._log_weights = tf.math.log_softmax(raw[..., :num_components])  # [..., H, W, K]
        self._means = given[..., :channels]  # [..., H, W, K, C]
        raw_scales = given[..., channels : 2 * channels]
        self._log_scales = _SMALLEST_LOG_SCALE + softplus(raw_scales - _SMALLEST_LOG_SCALE)
        self._coefficients = tf.tanh(given[..., 2 * channels :])  # [..., H, W, K, 0 or 3]
        super().__init__(parameters)

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: object = None) -> dict:
        return {"raw": tfp.util.ParameterProperties(event_ndims=3)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape(self._image_shape)

    def _event_shape_tensor(self, **_: object) -> tf.Tensor:
        return tf.constant(self._image_shape, tf.int32)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
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

    def _sample_n(self, n: int, seed: object = None) -> tf.Tensor:
        component_seed, value_seed = tfp.random.split_seed(seed, n=2)
        weights = tfd.OneHotCategorical(logits=self._log_weights, dtype=tf.float32)
        component = weights.sample(n, seed=component_seed)[..., tf.newaxis]  # [n, ..., H, W, K, 1]
        means, log_scales, coefficients = (
            tf.reduce_sum(component * values, axis=-2)
            for values in (self._means, self._log_scales, self._coefficients)
        )
        noise = tfd.Logistic(0.0, 1.0).sample(tf.shape(means), seed=value_seed) * tf.exp(log_scales)
        channels: list[tf.Tensor] = []
        for c in range(means.shape[-1]):
            value = _mean_given(channels, means, coefficients) + noise[..., c]
            number = tf.clip_by_value(tf.round((value + 1) / _BIN), 0.0, 255.0)
            channels.append(number * _BIN - 1)
        return tf.round((tf.stack(channels, axis=-1) + 1) / _BIN) / 255

    def _mean(self) -> tf.Tensor:
        channels: list[tf.Tensor] = []
        for c in range(self._means.shape[-1]):
            # E[min(max(v, -1), 1)] is the integral of P(v > t) over t in [-1, 1], minus 1.
            mean, scale = (
                _mean_given(channels, self._means, self._coefficients),
                tf.exp(self._log_scales[..., c]),
            )
            channels.append(scale * (softplus((mean + 1) / scale) - softplus((mean - 1) / scale)) - 1)
        weights = tf.exp(self._log_weights)[..., tf.newaxis]
        return 0.5 * (1 + tf.reduce_sum(weights * tf.stack(channels, axis=-1), axis=-2))


def _mean_given(before: list[tf.Tensor], means: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
    """Return the mean of the next channel given those before it."""
    channel = len(before)
    first = channel * (channel - 1) // 2  # of its coefficients
    mean = means[..., channel]
    for number, value in enumerate(before):
        mean += coefficients[..., first + number] * value
    return mean


def _log_one_minus_exp(log_d: tf.Tensor) -> tf.Tensor:
    """log(1 - exp(-d)) of log d, where d can be as small as it likes."""
    small = log_d < -7.0
    d = tf.exp(tf.maximum(log_d, -7.0))
    return tf.where(small, log_d - 0.5 * tf.exp(tf.minimum(log_d, -7.0)), tf.math.log(-tf.math.expm1(-d)))
