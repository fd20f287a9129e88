"""The field's own measures of a trained model."""

from tfvae.evaluation.decomposition import Decomposition, rate_decomposition
from tfvae.evaluation.imputation import impute, multiple_imputations
from tfvae.evaluation.latent import active_units
from tfvae.evaluation.likelihood import Estimate, mean_distortion, mean_elbo, mean_log_likelihood

__all__ = [
    "Decomposition",
    "Estimate",
    "active_units",
    "impute",
    "mean_distortion",
    "mean_elbo",
    "mean_log_likelihood",
    "multiple_imputations",
    "rate_decomposition",
]
