"""Priors p(z) over the latent variable."""

from tfvae.priors.base import Prior
from tfvae.priors.normal import StandardNormal

__all__ = ["Prior", "StandardNormal"]
