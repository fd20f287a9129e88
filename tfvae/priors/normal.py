"""The standard normal prior."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.priors.base import Encode, Prior


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
        self.latent_dim = integer("latent_dim", latent_dim)

    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return Independent(Normal(0, 1)), batch shape []."""
        return tfd.Independent(_Unit(tf.zeros(self.latent_dim), tf.ones(self.latent_dim)), 1)

    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return the noise itself."""
        return noise


class _Unit(tfd.Normal):
    """N(0, 1), which has a shorter KL than two normals in general."""


@tfd.RegisterKL(tfd.Normal, _Unit)
def _kl_normal_unit(q: tfd.Normal, p: _Unit, name: str | None = None) -> tf.Tensor:
    """KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1) / 2 - log s; Kingma and Welling 2014, appendix B."""
    return 0.5 * (tf.square(q.loc) + tf.square(q.scale) - 1.0) - tf.math.log(q.scale)
