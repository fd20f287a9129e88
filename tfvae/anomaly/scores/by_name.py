"""Scores by name, for configuration files and command-line options."""

from __future__ import annotations

from tfvae.anomaly.scores.aggregated_posterior import AggregatedPosterior
from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.ensemble import Ensemble
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.likelihood_ratio import LikelihoodRatio
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.anomaly.scores.mahalanobis import Mahalanobis
from tfvae.anomaly.scores.negative_elbo import NegativeELBO
from tfvae.anomaly.scores.reconstruction import Reconstruction
from tfvae.anomaly.scores.typicality import Typicality
from tfvae.core.errors import InvalidInput

SCORES: dict[str, type[Score]] = {
    "log_likelihood": LogLikelihood,
    "negative_elbo": NegativeELBO,
    "kl_divergence": KLDivergence,
    "reconstruction": Reconstruction,
    "mahalanobis": Mahalanobis,
    "aggregated_posterior": AggregatedPosterior,
    "likelihood_ratio": LikelihoodRatio,
    "typicality": Typicality,
    "ensemble": Ensemble,
}


def as_score(score: str | Score) -> Score:
    """Return a score unchanged; for a name, return that score with its default arguments.

    Args:
        score: a score, or one of the names in `SCORES`.

    Raises:
        InvalidInput: for an unknown name.

    Example:
        >>> as_score("log_likelihood").num_samples
        64
    """
    if isinstance(score, Score):
        return score
    if score not in SCORES:
        raise InvalidInput("score", f"a tfvae.anomaly score or one of {sorted(SCORES)}", repr(score))
    return SCORES[score]()
