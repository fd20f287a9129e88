"""The Gaussian posterior with a full covariance."""

from __future__ import annotations

import math

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, positive
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded, softplus
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import CholeskyNormal
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior


class FullNormal(Posterior):
    """Gaussian q(z|x) = N(z; loc(x), L(x) L(x)^T) with a lower triangular L.

    z = loc + L noise,  noise ~ N(0, I)
    L_ij = scale_i r_ij / sqrt(1 + sum_{k<i} r_ik^2),  r_ii = 1,  scale = floor + softplus(raw)

    Each row of L has the length scale_i, which is the standard deviation of z_i; up to these scales, L is
    the Cholesky factor of the correlation matrix. With |r_ij| <= bound no correlation reaches 1, so that L
    can always be inverted.

    Args:
        latent_dim: number of latent dimensions.
        floor: smallest scale; keeps the density bounded.
        bound: largest |r_ij|.

    Source: Kingma and Welling 2019, section 2.5.1.

    Example:
        >>> posterior = FullNormal(3)
        >>> q = posterior.distribution(posterior(tf.ones([5, 4])))
        >>> q.batch_shape, q.covariance().shape
        (TensorShape([5]), TensorShape([5, 3, 3]))
    """

    has_covariance = True

    def __init__(
        self,
        latent_dim: int,
        floor: float = 1e-4,
        bound: float = 10.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.floor = positive("floor", floor)
        self.bound = positive("bound", bound)

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features."""
        size = 2 * self.latent_dim + self.latent_dim * (self.latent_dim - 1) // 2
        self.head = Head((size,), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], num_features(input_shape)))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc" [B, latent_dim], "scale_tril" [B, latent_dim, latent_dim]}."""
        size = self.latent_dim
        raw = self.head(flatten(inputs))[..., 0]
        loc, raw_scale, below = raw[:, :size], raw[:, size : 2 * size], raw[:, 2 * size :]
        rows = tf.eye(size, batch_shape=[tf.shape(loc)[0]])
        if size > 1:
            strict = tfp.math.fill_triangular(bounded(below, self.bound))
            rows += tf.pad(strict, [[0, 0], [1, 0], [0, 1]])
        length = tf.sqrt(tf.reduce_sum(tf.square(rows), axis=-1))
        scale = self.floor + softplus(raw_scale)
        return {"loc": loc, "scale_tril": (scale / length)[..., tf.newaxis] * rows}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return MultivariateNormalTriL(loc, L); its KL to independent normals is exact."""
        return CholeskyNormal(params["loc"], params["scale_tril"])

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of q."""
        return params["loc"]

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location", "scale" [B, latent_dim], "scale_tril" [B, latent_dim, latent_dim]}."""
        scale = tf.linalg.norm(params["scale_tril"], axis=-1)
        return {"location": params["loc"], "scale": scale, "scale_tril": params["scale_tril"]}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z = loc + L noise and its log density."""
        z = params["loc"] + tf.linalg.matvec(params["scale_tril"], noise)
        log_diagonal = tf.math.log(tf.linalg.diag_part(params["scale_tril"]))
        terms = 0.5 * tf.square(noise) + log_diagonal + 0.5 * math.log(2 * math.pi)
        return z, -tf.reduce_sum(terms, axis=-1)
