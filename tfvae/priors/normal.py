"""The standard normal prior."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.errors import InvalidInput
from tfvae.priors.base import Prior

tfd = tfp.distributions


class StandardNormal(Prior):
    """p(z) = N(z; 0, I).

    Args:
        latent_dim: number of latent dimensions.

    Source: Kingma and Welling 2014, section 3.

    Example:
        >>> float(StandardNormal(2).distribution().log_prob([0.0, 0.0]))
        -1.837877...
    """

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        if not latent_dim >= 1:
            raise InvalidInput("latent_dim", "a whole number of at least 1", latent_dim)
        self.latent_dim = latent_dim

    def distribution(
        self, encode: Callable | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return Independent(Normal(0, 1)), batch shape []."""
        return tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), tf.ones(self.latent_dim)), 1)

    def transform(self, noise: tf.Tensor) -> tf.Tensor:
        """Return the noise itself."""
        return noise
