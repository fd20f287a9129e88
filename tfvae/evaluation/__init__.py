"""The field's own measures of a trained model."""

from tfvae.evaluation.decomposition import Decomposition, rate_decomposition
from tfvae.evaluation.latent import active_units
from tfvae.evaluation.likelihood import Estimate, mean_distortion, mean_elbo, mean_log_likelihood
from tfvae.evaluation.ranking import ndcg_at, recall_at

__all__ = [
    "Decomposition",
    "Estimate",
    "active_units",
    "mean_distortion",
    "mean_elbo",
    "mean_log_likelihood",
    "ndcg_at",
    "rate_decomposition",
    "recall_at",
]
