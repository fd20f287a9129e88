"""The posterior of a deterministic autoencoder: one point."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.heads import by_row, check_rows, latent_head
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.posteriors.base import Posterior


class Deterministic(Posterior, abc.ABC):
    """q(z|x) with all its mass at loc(x), the only parameter, [B, latent_dim]; abstract.

    It has no density, so there is no rate and no bound.

    Args:
        latent_dim: number of latent dimensions.
    """

    has_density = False
    explicit_density = False
    draws_at_random = False

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return Independent(Deterministic(loc))."""
        return tfd.Independent(tfd.Deterministic(params["loc"]), 1)

    def location(self, params: Tensors) -> Tensor:
        """Return the point."""
        return params["loc"]

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the point S times, for any noise, and zeros."""
        samples, batch = tf.shape(noise)[0], tf.shape(params["loc"])[0]
        z = tf.broadcast_to(params["loc"], (samples, batch, self.latent_dim))
        return z, tf.zeros((samples, batch))


class Point(Deterministic):
    """q(z|x) with all its mass at loc(x): a deterministic encoder.

    It has no density, so there is no rate and no bound; it goes with objectives that match the
    aggregated posterior to the prior, or that only reconstruct.

    Args:
        latent_dim: number of latent dimensions.
        rows: 1 projects all features to z; N projects each row of features [B, N, ...] to one N-th of z, by
            the same weights.

    Source: Tolstikhin et al. 2018, section 2.1, for its use with such objectives.

    Example:
        >>> posterior = Point(2)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 3])), tf.zeros([7, 5, 2]))
        >>> z.shape, float(log_q[0, 0])
        (TensorShape([7, 5, 2]), 0.0)
    """

    def __init__(self, latent_dim: int, rows: int = 1, *, name: str | None = None, dtype: DType = None):
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.rows = check_rows(latent_dim, rows)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features, or from each row of features."""
        self.head = latent_head(self.latent_dim, self.rows, 1, self.dtype_policy)
        self.head.build(by_row(input_shape, self.rows))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc"}, [B, latent_dim]."""
        raw = self.head(tf.reshape(inputs, (-1, *by_row(inputs.shape, self.rows)[1:])))
        return {"loc": tf.reshape(raw, (-1, self.latent_dim))}
