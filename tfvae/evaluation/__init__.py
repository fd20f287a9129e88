"""The field's own measures of a trained model."""

from tfvae.evaluation.classification import LatentClassifier
from tfvae.evaluation.decomposition import Decomposition, rate_decomposition
from tfvae.evaluation.identifiability import mean_correlation_coefficient, rank_correlation_coefficient
from tfvae.evaluation.latent import active_units
from tfvae.evaluation.likelihood import Estimate, mean_distortion, mean_elbo, mean_log_likelihood

__all__ = [
    "Decomposition",
    "Estimate",
    "LatentClassifier",
    "active_units",
    "mean_correlation_coefficient",
    "mean_distortion",
    "mean_elbo",
    "mean_log_likelihood",
    "rank_correlation_coefficient",
    "rate_decomposition",
]
