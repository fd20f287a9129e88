"""The mixture of discretized logistic distributions, for 8-bit images."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood

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
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 3 or self.event_shape[-1] not in (1, 3):
            raise InvalidInput("event_shape", "(height, width, 1) or (height, width, 3)", self.event_shape)
        self.num_components = integer("num_components", num_components)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection to weights, means, scales and, in color, the coefficients a, b and c."""
        per_component = {1: 3, 3: 10}[self.event_shape[-1]]
        grid = (*self.event_shape[:2], 1)
        self.head = Head(grid, per_component * self.num_components, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"raw"}, [B, H, W, 3 K] in gray and [B, H, W, 10 K] in color."""
        return {"raw": self.head(inputs)[..., 0, :]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of an image."""
        raw, channels = params["raw"], self.event_shape[-1]
        logits, given = raw[..., : self.num_components], raw[..., self.num_components :]
        by_component = (self.num_components, raw.shape[-1] // self.num_components - 1)
        given = tf.reshape(given, tf.concat([tf.shape(raw)[:-1], by_component], 0))
        means, raw_scales = given[..., :channels], given[..., channels : 2 * channels]
        log_scales = _SMALLEST_LOG_SCALE + softplus(raw_scales - _SMALLEST_LOG_SCALE)
        coefficients = tf.tanh(given[..., 2 * channels :])
        return distributions.DiscretizedLogisticMixture(
            logits, means, log_scales, coefficients, self.event_shape
        )

    def mean(self, params: Tensors) -> Tensor:
        """Return E[x|z] of the logistics clipped to [0, 1], [..., H, W, C].

        It is within half a bin, 1/510, of the discretized mean in gray; in color, where channels depend
        on each other, as close as the clipping of the earlier channels is negligible.
        """
        return self.distribution(params).mean()
