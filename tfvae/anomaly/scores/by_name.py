"""Scores by name, for configuration files and commands."""

from __future__ import annotations

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.elbo import NegativeELBO, Reconstruction
from tfvae.anomaly.scores.ensemble import Ensemble
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.latent import AggregatedPosterior, Mahalanobis
from tfvae.anomaly.scores.likelihood_ratio import LikelihoodRatio, Typicality
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.errors import InvalidInput

SCORES: dict[str, type[Score]] = {
    "log_likelihood": LogLikelihood,
    "negative_elbo": NegativeELBO,
    "rate": KLDivergence,
    "reconstruction": Reconstruction,
    "mahalanobis": Mahalanobis,
    "aggregated_posterior": AggregatedPosterior,
    "likelihood_ratio": LikelihoodRatio,
    "typicality": Typicality,
    "ensemble": Ensemble,
}


def as_score(score: str | Score) -> Score:
    """Return a score as it is, and for a name one with its default arguments.

    Raises:
        InvalidInput: for another name.

    Example:
        >>> as_score("log_likelihood").num_samples
        64
    """
    if isinstance(score, Score):
        return score
    if score not in SCORES:
        raise InvalidInput("score", f"a tfvae.anomaly score or one of {sorted(SCORES)}", repr(score))
    return SCORES[score]()
