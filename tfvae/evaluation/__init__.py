"""Measures of a trained model: likelihood, rate, latent dimensions, imputation, ranking, events of series."""

from tfvae.evaluation.active_units import active_units
from tfvae.evaluation.annealed import (
    AnnealedEstimate,
    annealed_importance_sampling,
    reverse_annealed_importance_sampling,
)
from tfvae.evaluation.averages import Estimate, mean_distortion, mean_elbo, mean_log_likelihood
from tfvae.evaluation.collapse import CollapseVerdict, LatentUse, posterior_collapse
from tfvae.evaluation.decomposition import Decomposition, rate_decomposition
from tfvae.evaluation.disentanglement import (
    DCI,
    DisentanglementScores,
    GroundTruth,
    beta_vae_protocol,
    beta_vae_score,
    dci,
    evaluate_disentanglement,
    explicitness,
    factor_vae_protocol,
    factor_vae_score,
    mig,
    modularity,
    sap,
)
from tfvae.evaluation.events import event_recall, events, point_adjusted_f1
from tfvae.evaluation.identifiability import mean_correlation_coefficient, rank_correlation_coefficient
from tfvae.evaluation.imputation import impute, multiple_imputations
from tfvae.evaluation.inference_gap import InferenceGap, inference_gap
from tfvae.evaluation.latent_classifier import LatentClassifier
from tfvae.evaluation.ranking import ndcg_at, recall_at
from tfvae.evaluation.refinement import Refined, refine, refined_elbo

__all__ = [
    "DCI",
    "AnnealedEstimate",
    "CollapseVerdict",
    "Decomposition",
    "DisentanglementScores",
    "Estimate",
    "GroundTruth",
    "InferenceGap",
    "LatentClassifier",
    "LatentUse",
    "Refined",
    "active_units",
    "annealed_importance_sampling",
    "beta_vae_protocol",
    "beta_vae_score",
    "dci",
    "evaluate_disentanglement",
    "event_recall",
    "events",
    "explicitness",
    "factor_vae_protocol",
    "factor_vae_score",
    "impute",
    "inference_gap",
    "mean_correlation_coefficient",
    "mean_distortion",
    "mean_elbo",
    "mean_log_likelihood",
    "mig",
    "modularity",
    "multiple_imputations",
    "ndcg_at",
    "point_adjusted_f1",
    "posterior_collapse",
    "rank_correlation_coefficient",
    "rate_decomposition",
    "recall_at",
    "refine",
    "refined_elbo",
    "reverse_annealed_importance_sampling",
    "sap",
]
