"""Anomaly detection: scores of a trained model, calibrated decisions, contributions of features."""

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.calibration.tail import Tail
from tfvae.anomaly.calibration.thresholds import Contamination, FalsePositiveRate
from tfvae.anomaly.detectors.archive import DetectorArguments
from tfvae.anomaly.detectors.loading import load
from tfvae.anomaly.detectors.scorer import Scorer
from tfvae.anomaly.detectors.series_detector import Calibrations, SeriesDetector
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.anomaly.plots import picture
from tfvae.anomaly.scores.base import MonteCarloScore, Score
from tfvae.anomaly.scores.by_name import as_score
from tfvae.anomaly.scores.combination_rules import (
    WAIC,
    CombinationRule,
    DensityMixture,
    Mean,
    StandardizedMean,
    WeightedSum,
)
from tfvae.anomaly.scores.elbo import NegativeELBO, Reconstruction
from tfvae.anomaly.scores.ensemble import Ensemble, ScoreCombination
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.latent import AggregatedPosterior, Mahalanobis
from tfvae.anomaly.scores.likelihood_ratio import LikelihoodRatio, Typicality
from tfvae.anomaly.scores.log_likelihood import LogLikelihood

__all__ = [
    "WAIC",
    "AggregatedPosterior",
    "Calibration",
    "Calibrations",
    "CombinationRule",
    "Contamination",
    "DensityMixture",
    "DetectorArguments",
    "Drift",
    "Ensemble",
    "FalsePositiveRate",
    "KLDivergence",
    "LikelihoodRatio",
    "LogLikelihood",
    "Mahalanobis",
    "Mean",
    "MonteCarloScore",
    "NegativeELBO",
    "Reconstruction",
    "Score",
    "ScoreCombination",
    "Scorer",
    "SeriesDetector",
    "StandardizedMean",
    "Tail",
    "Typicality",
    "VAEDetector",
    "WeightedSum",
    "as_score",
    "load",
    "picture",
]
