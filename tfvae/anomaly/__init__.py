"""Anomaly detection: scores of a trained model, calibrated decisions, contributions of features."""

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.calibration.contamination import Contamination
from tfvae.anomaly.calibration.false_positive_rate import FalsePositiveRate
from tfvae.anomaly.calibration.tail import Tail
from tfvae.anomaly.detectors.layer_containers import Calibrations, DetectorArguments
from tfvae.anomaly.detectors.loading import load
from tfvae.anomaly.detectors.scorer import Scorer
from tfvae.anomaly.detectors.series_detector import SeriesDetector
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.anomaly.plots import plot_attribution
from tfvae.anomaly.scores.aggregated_posterior import AggregatedPosterior
from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.by_name import as_score
from tfvae.anomaly.scores.combination_rules import (
    WAIC,
    CombinationRule,
    DensityMixture,
    Mean,
    StandardizedMean,
    WeightedSum,
)
from tfvae.anomaly.scores.ensemble import Ensemble
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.likelihood_ratio import LikelihoodRatio
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.anomaly.scores.mahalanobis import Mahalanobis
from tfvae.anomaly.scores.monte_carlo import MonteCarloScore
from tfvae.anomaly.scores.negative_elbo import NegativeELBO
from tfvae.anomaly.scores.reconstruction import Reconstruction
from tfvae.anomaly.scores.score_combination import ScoreCombination
from tfvae.anomaly.scores.typicality import Typicality

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
    "plot_attribution",
]
