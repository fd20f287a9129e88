"""Binary images whose pixels are drawn one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.core.types import Shape, Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class AutoregressiveBernoulli(UnvalidatedDistribution):
    """Images x [height, width, channels] of Bernoulli pixels, each given the pixels before it.

    p(x) = prod_i p(x_i|x_1, ..., x_(i-1)) over the pixels i, row by row; channels are independent of each
    other given the pixels before.

    Args:
        features: what the two functions take beside the pixels, [..., height, width, n].
        event_shape: (height, width, channels).
        logits: function of images [..., *event] and the features to the logits of every pixel, [..., *event],
            each given the pixels before.
        generate: function of the features, a number n of images for each of the N features, and a function
            from a pixel's index and its logits [n N, channels] to its values, to images [n N, *event]
            generated pixel by pixel.
        name: of the distribution.

    Source: van den Oord et al. 2016 (PixelRNN), equation 1.

    Example:
        >>> from tfvae.likelihoods import Autoregressive
        >>> likelihood = Autoregressive((4, 4, 1), num_layers=2, filters=3, kernel_size=3)
        >>> params = likelihood(tf.ones([5, 2]))
        >>> p = AutoregressiveBernoulli(
        ...     params["features"], (4, 4, 1), likelihood.logits, likelihood.generate)
        >>> p.log_prob(p.sample(seed=(1, 2))).shape
        TensorShape([5])
    """

    def __init__(
        self,
        features: Tensor,
        event_shape: Shape,
        logits: Callable[[Tensor, Tensor], Tensor],
        generate: Callable[[Tensor, int | Tensor, Callable[[Tensor, Tensor], Tensor]], Tensor],
        name: str = "AutoregressiveBernoulli",
    ):
        parameters = dict(locals())
        self._features, self._image_shape = features, tuple(event_shape)
        self._logits, self._in_turn = logits, generate
        super().__init__(parameters, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {"features": tfp.util.ParameterProperties(event_ndims=3)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape(self._image_shape)

    def _event_shape_tensor(self, **_: Any) -> Tensor:
        return tf.constant(self._image_shape, tf.int32)

    def _log_prob(self, x: Tensor) -> Tensor:
        logits = self._logits(x, self._features)
        return tf.reduce_sum(x * logits - tf.math.softplus(logits), axis=[-3, -2, -1])

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        height, width, channels = self._image_shape
        leading = tf.concat([[n], tf.shape(self._features)[:-3]], 0)
        shape = [height * width, tf.reduce_prod(leading), channels]
        uniform = tf.random.stateless_uniform(shape, tfp.random.sanitize_seed(seed))
        images = self._in_turn(
            self._features, n, lambda place, logits: tf.cast(uniform[place] < tf.sigmoid(logits), tf.float32)
        )
        return tf.reshape(images, tf.concat([leading, self._image_shape], 0))
