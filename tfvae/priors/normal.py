"""The standard normal prior."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.checks import integer
from tfvae.core.types import DType, Tensor
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

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return Independent(Normal(0, 1)), batch shape []."""
        return tfd.Independent(distributions.StandardNormal((self.latent_dim,)), 1)

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return the noise."""
        return noise
