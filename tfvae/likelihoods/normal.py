"""The Gaussian likelihood with independent elements."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.heads import Head
from tfvae.likelihoods.base import Likelihood
from tfvae.scales import Learned, Scale, as_scale

tfd = tfp.distributions


class Normal(Likelihood):
    """p(x|z) = prod_i N(x_i; loc_i(z), scale^2).

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default), `scales.PerElement` for one from the network for each element of each example.

    Source: Kingma and Welling 2014, equation 12.

    Example:
        >>> from tfvae import scales
        >>> likelihood = Normal((4,), scale=scales.PerElement())
        >>> sorted(likelihood(tf.ones([5, 3])))
        ['loc', 'raw_scale']
    """

    def __init__(
        self,
        event_shape: tuple[int, ...],
        scale: float | Scale | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.scale = Learned() if scale is None else as_scale("scale", scale)

    def build(self, input_shape: tuple) -> None:
        """Make the projection to the location and, where it comes from the network, the scale."""
        self.head = Head(self.event_shape, 1 + self.scale.channels, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"loc"}, and "raw_scale" where the scale comes from the network, [B, *event]."""
        return dict(zip(("loc", "raw_scale"), tf.unstack(self.head(inputs), axis=-1), strict=False))

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return an independent normal for each element."""
        raw = [params[name] for name in ("raw_scale",) if name in params]
        return tfd.Independent(tfd.Normal(params["loc"], self.scale.scale(raw)), len(self.event_shape))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location."""
        return params["loc"]
