"""The field's own measures of a trained model."""

from tfvae.evaluation.latent import active_units
from tfvae.evaluation.likelihood import Estimate, mean_elbo, mean_log_likelihood

__all__ = ["Estimate", "active_units", "mean_elbo", "mean_log_likelihood"]
