"""The field's own measures of a trained model."""

from tfvae.evaluation.decomposition import Decomposition, rate_decomposition
from tfvae.evaluation.imputation import impute, multiple_imputations
from tfvae.evaluation.latent import active_units
from tfvae.evaluation.likelihood import Estimate, mean_distortion, mean_elbo, mean_log_likelihood
from tfvae.evaluation.ranking import ndcg_at, recall_at
from tfvae.evaluation.refinement import Refined, elbo_of, refine

__all__ = [
    "Decomposition",
    "Estimate",
    "Refined",
    "active_units",
    "elbo_of",
    "impute",
    "mean_distortion",
    "mean_elbo",
    "mean_log_likelihood",
    "multiple_imputations",
    "ndcg_at",
    "rate_decomposition",
    "recall_at",
    "refine",
]
