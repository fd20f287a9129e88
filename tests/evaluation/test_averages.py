"""Averages over a data set and their standard errors, from the values of its examples."""

import numpy as np
import pytest

import tfvae
from tfvae.evaluation import mean_distortion, mean_elbo, mean_log_likelihood


@pytest.fixture
def vae():
    return tfvae.zoo.vae((64,), latent_dim=4, likelihood=tfvae.likelihoods.Bernoulli((64,)))


def test_mean_and_standard_error(vae, flat):
    values = vae.log_likelihood(flat[:50], num_samples=8, seed=3).astype("float64")
    mean, error = mean_log_likelihood(vae, flat[:50], num_samples=8, seed=3)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_elbo_is_minus_distortion_and_rate(vae, flat):
    elbo, distortion = (
        measure(vae, flat[:50], num_samples=4, seed=3).mean for measure in (mean_elbo, mean_distortion)
    )
    assert elbo == pytest.approx(vae.elbo(flat[:50], num_samples=4, seed=3).mean())
    loc, scale = (np.array(vae.posterior(vae.encoder(flat[:50]))[name]) for name in ("loc", "scale"))
    rate = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    assert elbo == pytest.approx(-distortion - rate.mean(), rel=1e-5)


def test_one_example_has_no_standard_error(vae, flat):
    mean, error = mean_elbo(vae, flat[:1])
    assert np.isfinite(mean)
    assert np.isnan(error)
