"""Anomaly detection: scores of a trained model, calibrated decisions, contributions of features."""

from tfvae.anomaly.bounds import NegativeELBO, Reconstruction
from tfvae.anomaly.calibration import Calibration, Drift
from tfvae.anomaly.combinations import WAIC, Combination, Mean, Mixture, Standardised, Sum
from tfvae.anomaly.detector import VAEDetector
from tfvae.anomaly.files import load
from tfvae.anomaly.joint import Ensemble, Together
from tfvae.anomaly.latent import AggregatedPosterior, Mahalanobis
from tfvae.anomaly.log_likelihood import LogLikelihood
from tfvae.anomaly.names import as_score
from tfvae.anomaly.pictures import picture
from tfvae.anomaly.rate import Rate
from tfvae.anomaly.relative import LikelihoodRatio, Typicality
from tfvae.anomaly.score import DrawnScore, Score
from tfvae.anomaly.scorer import Scorer
from tfvae.anomaly.series import SeriesDetector
from tfvae.anomaly.tail import Tail
from tfvae.anomaly.thresholds import Contamination, FalsePositiveRate

__all__ = [
    "WAIC",
    "AggregatedPosterior",
    "Calibration",
    "Combination",
    "Contamination",
    "DrawnScore",
    "Drift",
    "Ensemble",
    "FalsePositiveRate",
    "LikelihoodRatio",
    "LogLikelihood",
    "Mahalanobis",
    "Mean",
    "Mixture",
    "NegativeELBO",
    "Rate",
    "Reconstruction",
    "Score",
    "Scorer",
    "SeriesDetector",
    "Standardised",
    "Sum",
    "Tail",
    "Together",
    "Typicality",
    "VAEDetector",
    "as_score",
    "load",
    "picture",
]
