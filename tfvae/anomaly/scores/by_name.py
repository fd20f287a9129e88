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
from tfvae.models import LatentModel

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


def score_for(model: LatentModel) -> Score:
    """Return the score of a model that comes nearest to -log p(x).

    `LogLikelihood` where importance sampling is possible; `NegativeELBO` where z is a function of x, as with
    a codebook; `Reconstruction` where q(z|x) has no density.

    Args:
        model: the model.

    Example:
        >>> import tfvae
        >>> type(score_for(tfvae.zoo.vae((4,), latent_dim=2))).__name__
        'LogLikelihood'
        >>> type(score_for(tfvae.zoo.autoencoder((4,), latent_dim=2))).__name__
        'Reconstruction'
    """
    if not model.has_density:
        return Reconstruction()
    return LogLikelihood() if model.draws_at_random else NegativeELBO()
