"""Scores of the location of q(z|x) against closed forms of a linear VAE."""

import numpy as np
import pytest
from scipy import stats

from tfvae.anomaly import AggregatedPosterior


def test_mahalanobis_is_its_closed_form(exact, rows, detector):
    score = detector(exact.vae(), rows, "mahalanobis").anomaly_scores(rows)
    z = exact.posterior_mean(rows.astype("float64"))
    inverse = np.linalg.inv(np.cov(z.T, bias=True))
    expected = np.einsum("ni,ij,nj->n", z - z.mean(0), inverse, z - z.mean(0))
    np.testing.assert_allclose(score, expected, rtol=1e-3, atol=1e-4)
    assert score.mean() == pytest.approx(2, abs=1e-3)  # the trace of the identity


def test_the_aggregated_posterior_is_the_mixture_over_the_training_rows(exact, rows, detector):
    score = detector(exact.vae(), rows[:100], AggregatedPosterior(1000)).anomaly_scores(rows[:20])
    centers = exact.posterior_mean(rows[:100].astype("float64"))
    points = exact.posterior_mean(rows[:20].astype("float64"))
    densities = [stats.multivariate_normal(c, np.diag(exact.posterior_scale**2)).pdf(points) for c in centers]
    np.testing.assert_allclose(score, -np.log(np.mean(densities, axis=0)), rtol=1e-3, atol=1e-3)


def test_fewer_components_than_rows_are_a_random_subset(exact, rows, detector):
    fitted = detector(exact.vae(), rows, AggregatedPosterior(40, seed=1))
    kept = np.sort(np.array(fitted.scorer_.score.q_loc), axis=0)
    every = exact.posterior_mean(rows.astype("float64"))
    assert kept.shape == (40, 2)
    for column in range(2):
        distance = np.abs(kept[:, [column]] - every[:, column]).min(axis=1)
        assert distance.max() < 1e-4
