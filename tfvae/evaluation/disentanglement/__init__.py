"""Measures of disentanglement, for codes and the factors that generated the data."""

from tfvae.evaluation.disentanglement.beta_vae_score import beta_vae_protocol, beta_vae_score
from tfvae.evaluation.disentanglement.dci import DCI, dci
from tfvae.evaluation.disentanglement.explicitness import explicitness
from tfvae.evaluation.disentanglement.factor_vae_score import factor_vae_protocol, factor_vae_score
from tfvae.evaluation.disentanglement.ground_truth import GroundTruth
from tfvae.evaluation.disentanglement.mig import mig
from tfvae.evaluation.disentanglement.modularity import modularity
from tfvae.evaluation.disentanglement.sap import sap
from tfvae.evaluation.disentanglement.scores import DisentanglementScores, evaluate_disentanglement

__all__ = [
    "DCI",
    "DisentanglementScores",
    "GroundTruth",
    "beta_vae_protocol",
    "beta_vae_score",
    "dci",
    "evaluate_disentanglement",
    "explicitness",
    "factor_vae_protocol",
    "factor_vae_score",
    "mig",
    "modularity",
    "sap",
]
