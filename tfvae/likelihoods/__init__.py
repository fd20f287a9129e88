"""Likelihoods p(x|z): layers from a decoder's features to a distribution over the data."""

from tfvae.likelihoods.base import Likelihood, Support
from tfvae.likelihoods.bernoulli import Bernoulli
from tfvae.likelihoods.normal import Normal

__all__ = ["Bernoulli", "Likelihood", "Normal", "Support"]
