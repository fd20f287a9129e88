"""The rate as a score, and its integrated gradients in closed form."""

import numpy as np

from tfvae.anomaly import KLDivergence, NegativeELBO


def test_it_is_the_rate_of_the_elbo(exact, rows, detector):
    score = detector(exact.vae(), rows, KLDivergence()).anomaly_scores(rows)
    np.testing.assert_array_equal(score, detector(exact.vae(), rows, NegativeELBO(2)).assess(rows)["rate"])


def test_contributions_are_the_integral_in_closed_form(exact, rows, detector):
    """The rate is quadratic in x, so that the gradient half way is the mean along the path."""
    fitted = detector(exact.vae(), rows, KLDivergence())
    x, reference = np.float64(rows[:50]), np.float64(rows).mean(axis=0)
    curvature = exact.weights @ exact.inner @ exact.inner @ exact.weights.T
    rate = fitted.anomaly_scores(rows[:50])
    parts = (x - reference) * (((x + reference) / 2 - exact.bias) @ curvature)
    expected = parts + (rate - parts.sum(axis=1))[:, np.newaxis] / 6
    np.testing.assert_allclose(fitted.explain(rows[:50]), expected, atol=1e-4)
