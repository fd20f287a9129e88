"""The distance from the typical set, where the density is known."""

import numpy as np

from tfvae.anomaly import LogLikelihood, Typicality


def test_it_is_the_distance_from_the_mean_score(exact, rows, detector):
    score = detector(exact.vae(), rows, Typicality(LogLikelihood(1))).anomaly_scores(rows)
    density = -exact.log_prob(rows)
    np.testing.assert_allclose(score, np.abs(density - density.mean()), atol=1e-3)


def test_the_most_probable_point_is_an_anomaly(exact, rows, detector):
    fitted = detector(exact.vae(), rows, Typicality(LogLikelihood(1)))
    mode = exact.bias[np.newaxis].astype("float32")
    assert exact.log_prob(mode) > exact.log_prob(rows).max()
    assert fitted.anomaly_scores(mode) > np.median(fitted.anomaly_scores(rows))
