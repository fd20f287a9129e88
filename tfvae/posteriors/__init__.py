"""Posteriors q(z|x): layers from features to a distribution over the latent variable."""

from tfvae.posteriors.base import Encoded, Posterior
from tfvae.posteriors.normal import Normal

__all__ = ["Encoded", "Normal", "Posterior"]
