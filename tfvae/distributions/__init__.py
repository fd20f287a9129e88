"""Distributions that TFP lacks, or that are wrong or slow there; used as TFP's own."""

from tfvae.distributions.base import BaseDistribution
from tfvae.distributions.pushforward import Pushforward
from tfvae.distributions.spherical import PowerSpherical, VonMisesFisher

__all__ = ["BaseDistribution", "PowerSpherical", "Pushforward", "VonMisesFisher"]
