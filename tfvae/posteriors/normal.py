"""The diagonal Gaussian posterior."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, real_number
from tfvae.core.heads import by_row, check_rows, latent_head
from tfvae.core.numerics import softplus
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.posteriors.base import Posterior


class Normal(Posterior):
    """Diagonal Gaussian q(z|x) = prod_j N(z_j; loc_j(x), scale_j(x)^2).

    z = loc + scale noise, noise ~ N(0, I);  scale = floor + softplus(raw)

    Args:
        latent_dim: number of latent dimensions.
        floor: smallest scale; keeps the density bounded.
        rows: 1 projects all features to z; N projects each row of features [B, N, ...] to one N-th of z, by
            the same weights, as for the nodes of a graph.

    Source: Kingma and Welling 2014, equations 9 and 10.

    Example:
        >>> posterior = Normal(2)
        >>> params = posterior(tf.ones([5, 3]))
        >>> q = posterior.distribution(params)
        >>> q.batch_shape, q.event_shape
        (TensorShape([5]), TensorShape([2]))
    """

    has_covariance = True

    def __init__(
        self,
        latent_dim: int,
        floor: float = 1e-4,
        rows: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.floor = real_number("floor", floor, at_least=0)
        self.rows = check_rows(latent_dim, rows)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features, or from each row of features."""
        self.head = latent_head(self.latent_dim, self.rows, 2, self.dtype_policy)
        self.head.build(by_row(input_shape, self.rows))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc", "scale"}, each [B, latent_dim]."""
        raw = self.head(tf.reshape(inputs, (-1, *by_row(inputs.shape, self.rows)[1:])))
        loc, raw_scale = tf.unstack(tf.reshape(raw, (-1, self.latent_dim, 2)), axis=-1)
        return {"loc": loc, "scale": self.floor + softplus(raw_scale)}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return Independent(Normal(loc, scale))."""
        return tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1)

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of q."""
        return params["loc"]

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location", "scale"}, each [B, latent_dim]."""
        return {"location": params["loc"], "scale": params["scale"]}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z = loc + scale noise and its log density."""
        z = params["loc"] + params["scale"] * noise
        terms = 0.5 * tf.square(noise) + tf.math.log(params["scale"]) + 0.5 * math.log(2 * math.pi)
        return z, -tf.reduce_sum(terms, axis=-1)
