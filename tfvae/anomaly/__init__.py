"""Anomaly detection: scores of a trained model, calibrated decisions, contributions of features."""

from tfvae.anomaly.calibration import Calibration, Contamination, FalsePositiveRate
from tfvae.anomaly.detector import VAEDetector
from tfvae.anomaly.files import load
from tfvae.anomaly.log_likelihood import LogLikelihood
from tfvae.anomaly.names import as_score
from tfvae.anomaly.score import DrawnScore, Score
from tfvae.anomaly.scorer import Scorer

__all__ = [
    "Calibration",
    "Contamination",
    "DrawnScore",
    "FalsePositiveRate",
    "LogLikelihood",
    "Score",
    "Scorer",
    "VAEDetector",
    "as_score",
    "load",
]
