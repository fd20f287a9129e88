"""What holds for every score: contributions add up, files keep the bits, names are the classes'."""

import numpy as np
import pytest

import tfvae
from tfvae.anomaly import (
    WAIC,
    AggregatedPosterior,
    DensityMixture,
    Ensemble,
    KLDivergence,
    LikelihoodRatio,
    LogLikelihood,
    Mahalanobis,
    Mean,
    NegativeELBO,
    Reconstruction,
    ScoreCombination,
    StandardizedMean,
    Typicality,
    VAEDetector,
    WeightedSum,
    as_score,
)
from tfvae.anomaly.scores.by_name import SCORES as NAMED
from tfvae.core.errors import InvalidInput

SCORES = {
    "log_likelihood": lambda: LogLikelihood(8),
    "negative_elbo": lambda: NegativeELBO(8),
    "kl_divergence": KLDivergence,
    "reconstruction": lambda: Reconstruction(8),
    "mahalanobis": Mahalanobis,
    "aggregated_posterior": lambda: AggregatedPosterior(50),
    "typicality": lambda: Typicality(LogLikelihood(4)),
    "likelihood_ratio": lambda: LikelihoodRatio(LogLikelihood(4)),
    "density_mixture": lambda: Ensemble(LogLikelihood(4), 3, DensityMixture()),
    "mean": lambda: Ensemble(LogLikelihood(4), 2, Mean()),
    "waic": lambda: Ensemble(LogLikelihood(4), 3, WAIC()),
    "standardized_mean": lambda: ScoreCombination([Mahalanobis(), NegativeELBO(4)], StandardizedMean()),
    "weighted_sum": lambda: ScoreCombination([LogLikelihood(4), KLDivergence()], WeightedSum((1.0, 3.0))),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.slow
def test_contributions_add_up_and_a_file_keeps_the_bits(exact, rows, name, tmp_path):
    """Up to float rounding of sums of terms as large as the largest."""
    fitted = VAEDetector(exact.vae(1.2), score=SCORES[name](), epochs=1).fit(rows[:200])
    values, parts = fitted.assess(rows[:70]), fitted.explain(rows[:70])
    assert parts.shape == (70, 6)
    rounding = 1e-6 * np.abs(parts).sum(axis=1).max() + 2e-5
    np.testing.assert_allclose(parts.sum(axis=1), values["score"], atol=rounding)
    fitted.save(tmp_path / "a.detector")
    loaded = tfvae.anomaly.load(tmp_path / "a.detector")
    for term, expected in values.items():
        np.testing.assert_array_equal(loaded.assess(rows[:70])[term], expected, err_msg=term)
    np.testing.assert_array_equal(loaded.explain(rows[:70]), parts)


@pytest.mark.parametrize("name", NAMED)
def test_a_name_gives_the_class_that_it_names(name):
    score = as_score(name)
    assert type(score).__name__.lower() == name.replace("_", "")
    assert as_score(score) is score


def test_unknown_names_are_rejected():
    with pytest.raises(
        InvalidInput, match="score: expected a tfvae.anomaly score or one of .*'kl_divergence'"
    ):
        as_score("rate")


def test_scores_that_are_not_defined_for_a_model_are_rejected():
    x = np.random.default_rng(0).normal(size=(50, 5))
    autoencoder = tfvae.zoo.autoencoder((5,), latent_dim=2, likelihood=tfvae.likelihoods.Normal((5,)))
    for score in ("log_likelihood", "negative_elbo", "kl_divergence", "aggregated_posterior"):
        with pytest.raises(InvalidInput, match="score: expected one for a"):
            VAEDetector(autoencoder, score=score, epochs=0).fit(x)
    fitted = VAEDetector(autoencoder, score="reconstruction", epochs=0).fit(x)
    assert np.isfinite(fitted.anomaly_scores(x)).all()
