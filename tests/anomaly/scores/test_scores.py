"""Scores against closed forms of the linear VAE, and contributions that add up to them."""

import numpy as np
import pytest
from scipy import stats

import tfvae
from tfvae.anomaly import (
    WAIC,
    AggregatedPosterior,
    DensityMixture,
    Ensemble,
    KLDivergence,
    LogLikelihood,
    Mahalanobis,
    Mean,
    NegativeELBO,
    Reconstruction,
    ScoreCombination,
    StandardizedMean,
    Typicality,
    WeightedSum,
)
from tfvae.core.errors import InvalidInput


def test_with_the_exact_posterior_one_draw_gives_the_exact_density(exact, rows, detector):
    """All importance weights are p(x) then: no error but rounding."""
    judged = detector(exact.vae(), rows, LogLikelihood(1)).assess(rows)
    np.testing.assert_allclose(judged["score"], -exact.log_prob(rows), rtol=2e-5)
    many = detector(exact.vae(), rows, LogLikelihood(16)).assess(rows)
    np.testing.assert_allclose(many["score"], -exact.log_prob(rows), rtol=2e-5)
    assert many["standard_error"].max() < 1e-4


def test_with_a_wider_posterior_the_score_is_within_its_standard_error(exact, rows):
    """The draws are shared by all rows, so their errors are alike; those of other seeds are not."""
    model, z = exact.vae(1.3), []
    inputs = model.tensors(rows[:1])
    for seed in range(40):
        score = LogLikelihood(400, seed=seed)
        score.prepare(model)
        values = score.values(model, inputs)
        z.append((values["score"].numpy() + exact.log_prob(rows[:1])) / values["standard_error"].numpy())
    assert abs(np.mean(z)) < 4 / np.sqrt(len(z))
    assert 0.6 < np.std(z) < 1.5


def test_the_negative_elbo_is_distortion_and_rate_in_closed_form(exact, rows, detector):
    """E_q (x - Wz - b)^2 and KL(q || N(0, I)) of normals; the exact posterior makes the bound tight."""
    judged = detector(exact.vae(), rows, NegativeELBO(4096)).assess(rows[:50])
    mean, scale = exact.posterior_mean(rows[:50]), exact.posterior_scale
    rate = 0.5 * (mean**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    residual = rows[:50] - exact.bias - mean @ exact.weights.T
    spread = (exact.weights**2 @ scale**2).sum()
    distortion = 0.5 * ((residual**2).sum(axis=1) + spread) / 0.25 + 3 * np.log(2 * np.pi * 0.25)
    np.testing.assert_allclose(judged["rate"], rate, rtol=1e-4)
    np.testing.assert_allclose(judged["distortion"], distortion, rtol=0.02)
    np.testing.assert_allclose(judged["score"], judged["distortion"] + judged["rate"], rtol=1e-6)
    np.testing.assert_allclose(judged["score"], -exact.log_prob(rows[:50]), atol=0.2)
    reconstruction = detector(exact.vae(), rows, Reconstruction(4096)).assess(rows[:50])
    np.testing.assert_array_equal(reconstruction["score"], judged["distortion"])


def test_the_rates_contributions_are_the_integral_in_closed_form(exact, rows, detector):
    """The rate is quadratic in x, so that the gradient half way is the mean along the path."""
    fitted = detector(exact.vae(), rows, KLDivergence())
    x, reference = np.float64(rows[:50]), np.float64(rows).mean(axis=0)
    curvature = exact.weights @ exact.inner @ exact.inner @ exact.weights.T
    rate = fitted.anomaly_scores(rows[:50])
    parts = (x - reference) * (((x + reference) / 2 - exact.bias) @ curvature)
    expected = parts + (rate - parts.sum(axis=1))[:, np.newaxis] / 6
    np.testing.assert_allclose(fitted.explain(rows[:50]), expected, atol=1e-4)
    np.testing.assert_array_equal(
        rate, detector(exact.vae(), rows, NegativeELBO(2)).assess(rows[:50])["rate"]
    )


def test_a_sum_is_that_of_its_scores(exact, rows, detector):
    density, rate = LogLikelihood(4), KLDivergence()
    both = detector(
        exact.vae(), rows, ScoreCombination([density, rate], WeightedSum((1.0, 3.0)))
    ).anomaly_scores(rows)
    alone = [detector(exact.vae(), rows, score).anomaly_scores(rows) for score in (density, rate)]
    np.testing.assert_allclose(both, alone[0] + 3 * alone[1], rtol=1e-5)
    with pytest.raises(InvalidInput, match="coefficients: expected 2, one for each score, received 1"):
        detector(exact.vae(), rows, ScoreCombination([LogLikelihood(4), KLDivergence()], WeightedSum((1.0,))))


def test_mahalanobis_is_its_closed_form(exact, rows, detector):
    score = detector(exact.vae(), rows, "mahalanobis").anomaly_scores(rows)
    z = exact.posterior_mean(rows.astype("float64"))
    inverse = np.linalg.inv(np.cov(z.T, bias=True))
    expected = np.einsum("ni,ij,nj->n", z - z.mean(0), inverse, z - z.mean(0))
    np.testing.assert_allclose(score, expected, rtol=1e-3, atol=1e-4)
    assert score.mean() == pytest.approx(2, abs=1e-3)  # the trace of the identity


def test_the_aggregated_posterior_is_the_mixture_of_the_training_rows(exact, rows, detector):
    score = detector(exact.vae(), rows[:100], AggregatedPosterior(1000)).anomaly_scores(rows[:20])
    centers = exact.posterior_mean(rows[:100].astype("float64"))
    points = exact.posterior_mean(rows[:20].astype("float64"))
    densities = [stats.multivariate_normal(c, np.diag(exact.posterior_scale**2)).pdf(points) for c in centers]
    np.testing.assert_allclose(score, -np.log(np.mean(densities, axis=0)), rtol=1e-3, atol=1e-3)


def test_a_missing_value_is_marginalized(exact, detector):
    """The marginal of a normal leaves out the row and column of the covariance."""
    vae = exact.vae(1.5, tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Normal((6,), scale=0.5)))
    x = exact.sample(50, seed=5)
    x[:25, 2] = np.nan
    judged = detector(vae, x, LogLikelihood(20000)).assess(x[:10])
    kept = [0, 1, 3, 4, 5]
    marginal = stats.multivariate_normal(exact.bias[kept], exact.covariance[np.ix_(kept, kept)])
    gap = judged["score"] + marginal.logpdf(x[:10][:, kept])
    assert np.abs(gap / judged["standard_error"]).max() < 4.5
    parts = detector(vae, x, LogLikelihood(64)).explain(x[:10])
    assert (parts[:, 2] == 0).all()


def test_typicality_is_the_distance_from_the_mean_score(exact, rows, detector):
    score = detector(exact.vae(), rows, Typicality(LogLikelihood(1))).anomaly_scores(rows)
    plain = -exact.log_prob(rows)
    np.testing.assert_allclose(score, np.abs(plain - plain.mean()), atol=1e-3)


SCORES = {
    "log_likelihood": lambda: LogLikelihood(8),
    "negative_elbo": lambda: NegativeELBO(8),
    "rate": KLDivergence,
    "reconstruction": lambda: Reconstruction(8),
    "mahalanobis": Mahalanobis,
    "aggregated_posterior": lambda: AggregatedPosterior(50),
    "typicality": lambda: Typicality(LogLikelihood(4)),
    "likelihood_ratio": lambda: tfvae.anomaly.LikelihoodRatio(LogLikelihood(4)),
    "mixture": lambda: Ensemble(LogLikelihood(4), 3, DensityMixture()),
    "mean": lambda: Ensemble(LogLikelihood(4), 2, Mean()),
    "waic": lambda: Ensemble(LogLikelihood(4), 3, WAIC()),
    "together": lambda: ScoreCombination([Mahalanobis(), NegativeELBO(4)], StandardizedMean()),
    "sum": lambda: ScoreCombination([LogLikelihood(4), KLDivergence()], WeightedSum((1.0, 3.0))),
}


@pytest.mark.parametrize("name", SCORES)
def test_contributions_add_up_and_a_file_keeps_the_bits(exact, rows, name, tmp_path):
    """To float rounding: sums of terms of the size of the largest."""
    fitted = tfvae.anomaly.VAEDetector(exact.vae(1.2), score=SCORES[name](), epochs=1).fit(rows[:200])
    judged, parts = fitted.assess(rows[:70]), fitted.explain(rows[:70])
    assert parts.shape == (70, 6)
    rounding = 1e-6 * np.abs(parts).sum(axis=1).max() + 2e-5
    np.testing.assert_allclose(parts.sum(axis=1), judged["score"], atol=rounding)
    fitted.save(tmp_path / "a.detector")
    again = tfvae.anomaly.load(tmp_path / "a.detector")
    for term, values in again.assess(rows[:70]).items():
        np.testing.assert_array_equal(values, judged[term], err_msg=term)
    np.testing.assert_array_equal(again.explain(rows[:70]), parts)


def test_the_largest_contribution_is_the_element_that_was_changed(exact, rows, detector):
    fitted = detector(exact.vae(), rows)
    for column in range(6):
        x = rows[:20].copy()
        x[:, column] += 6.0
        assert (fitted.explain(x).argmax(axis=1) == column).mean() > 0.9


def test_the_ratio_drops_what_the_background_has_as_well(exact, rows):
    """With no mutation and no training both models are untrained copies with other weights, not one model."""
    ratio = tfvae.anomaly.LikelihoodRatio(LogLikelihood(4), mutation=1.0)
    fitted = tfvae.anomaly.VAEDetector(exact.vae(), score=ratio, epochs=30, batch_size=50).fit(rows)
    plain = tfvae.anomaly.VAEDetector(exact.vae(), score=LogLikelihood(4), epochs=30, batch_size=50).fit(rows)
    shuffled = np.random.default_rng(3).permuted(rows, axis=0)
    assert fitted.anomaly_scores(shuffled).mean() > fitted.anomaly_scores(rows).mean()
    assert np.corrcoef(fitted.anomaly_scores(rows), plain.anomaly_scores(rows))[0, 1] < 0.999


def test_an_ensembles_mixture_is_the_mixture_of_its_members(exact, rows):
    fitted = tfvae.anomaly.VAEDetector(exact.vae(), score=Ensemble(LogLikelihood(4), 3), epochs=1).fit(rows)
    score = fitted.scorer_.score
    members = [
        -s.values(model, model.tensors(rows[:9]))["score"].numpy()
        for model, s in score.members(fitted.scorer_.model)
    ]
    assert len(members) == 3
    assert np.ptp(members, axis=0).min() > 0  # they differ
    expected = -np.log(np.exp(np.float64(members)).mean(axis=0))
    np.testing.assert_allclose(fitted.anomaly_scores(rows[:9]), expected, rtol=1e-4)


def test_scores_that_are_not_defined_for_a_model_are_refused():
    x = np.random.default_rng(0).normal(size=(50, 5))
    autoencoder = tfvae.zoo.autoencoder((5,), latent_dim=2, likelihood=tfvae.likelihoods.Normal((5,)))
    for score in ("log_likelihood", "negative_elbo", "aggregated_posterior"):
        with pytest.raises(InvalidInput, match="score: expected one for a"):
            tfvae.anomaly.VAEDetector(autoencoder, score=score, epochs=0).fit(x)
    fitted = tfvae.anomaly.VAEDetector(autoencoder, score="reconstruction", epochs=0).fit(x)
    assert np.isfinite(fitted.anomaly_scores(x)).all()


def test_a_table_of_several_kinds_is_explained_by_column():
    columns = ("real", "category:4", "count", "positive", "ordinal:3", "real")
    model = tfvae.zoo.hi_vae((6,), latent_dim=3, columns=columns)
    rng = np.random.default_rng(0)
    x = np.stack(
        [rng.normal(size=60), rng.integers(0, 4, 60), rng.poisson(3, 60), rng.gamma(2, size=60),
         rng.integers(0, 3, 60), rng.normal(size=60)], axis=1)  # fmt: skip
    x[::7, 3] = np.nan
    fitted = tfvae.anomaly.VAEDetector(model, score=LogLikelihood(8), epochs=1).fit(x)
    parts = fitted.explain(x)
    np.testing.assert_allclose(parts.sum(axis=1), fitted.anomaly_scores(x), atol=1e-4)
    assert (parts[::7, 3] == 0).all()
