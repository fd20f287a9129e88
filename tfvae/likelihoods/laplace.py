"""The Laplace likelihood, for real data with outliers."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.heads import Head
from tfvae.likelihoods.base import Likelihood
from tfvae.scales import Learned, Scale, as_scale

tfd = tfp.distributions


class Laplace(Likelihood):
    """p(x|z) = prod_i exp(-|x_i - loc_i(z)| / scale) / (2 scale).

    Its log is the absolute error up to constants, as a Gaussian's is the squared error: the location is
    a median, and an outlier pulls no harder than any other point.

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default), `scales.PerElement` for one from the network for each element of each example; in
            the units of x. The standard deviation is sqrt(2) times the scale.

    Source: Murphy 2022, section 2.7.3 (the density).

    Example:
        >>> likelihood = Laplace((4,), scale=0.5)
        >>> float(likelihood.distribution({"loc": tf.zeros([1, 4])}).log_prob(tf.zeros([1, 4]))[0])
        0.0
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
        """Return an independent Laplace distribution for each element."""
        raw = [params[name] for name in ("raw_scale",) if name in params]
        return tfd.Independent(tfd.Laplace(params["loc"], self.scale.scale(raw)), len(self.event_shape))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location."""
        return params["loc"]
