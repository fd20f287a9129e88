"""The uniform prior on the unit sphere."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.types import DType, Tensor
from tfvae.distributions.sphere import unit_vectors
from tfvae.priors.base import Encode, Prior


class SphereUniform(Prior):
    """p(z) = Gamma(d / 2) / (2 pi^(d / 2)), the inverse area of the unit sphere in d = latent_dim dimensions.

    Args:
        latent_dim: number of entries of z, at least 2; z is on a sphere of one dimension less.

    Source: Davidson et al. 2018, section 3.

    Example:
        >>> float(SphereUniform(3).distribution().log_prob([0.0, 0.0, 1.0]))    # -log(4 pi)
        -2.531024...
    """

    space = "sphere"

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim, 2)

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return SphericalUniform, batch shape []."""
        return tfd.SphericalUniform(self.latent_dim, dtype=tf.float32)

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return the direction of the noise."""
        return unit_vectors(noise)
