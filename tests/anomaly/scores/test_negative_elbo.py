"""The negative ELBO and the reconstruction probability against closed forms of a linear VAE."""

import numpy as np

from tfvae.anomaly import NegativeELBO, Reconstruction


def test_distortion_and_rate_are_those_in_closed_form(exact, rows, detector):
    """E_q (x - Wz - b)^2 and KL(q || N(0, I)) of normals; with the exact posterior the bound is tight."""
    values = detector(exact.vae(), rows, NegativeELBO(4096)).assess(rows[:50])
    mean, scale = exact.posterior_mean(rows[:50]), exact.posterior_scale
    rate = 0.5 * (mean**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    residual = rows[:50] - exact.bias - mean @ exact.weights.T
    spread = (exact.weights**2 @ scale**2).sum()
    distortion = 0.5 * ((residual**2).sum(axis=1) + spread) / 0.25 + 3 * np.log(2 * np.pi * 0.25)
    np.testing.assert_allclose(values["rate"], rate, rtol=1e-4)
    np.testing.assert_allclose(values["distortion"], distortion, rtol=0.02)
    np.testing.assert_allclose(values["score"], values["distortion"] + values["rate"], rtol=1e-6)
    np.testing.assert_allclose(values["score"], -exact.log_prob(rows[:50]), atol=0.2)


def test_the_reconstruction_score_is_the_distortion(exact, rows, detector):
    elbo = detector(exact.vae(), rows, NegativeELBO(16)).assess(rows)
    reconstruction = detector(exact.vae(), rows, Reconstruction(16)).assess(rows)
    np.testing.assert_array_equal(reconstruction["score"], elbo["distortion"])
