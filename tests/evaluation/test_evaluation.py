"""Measures of a model against calculations by hand."""

import numpy as np
import pytest

import tfvae
from tfvae import evaluation
from tfvae.core.errors import InvalidInput


@pytest.fixture
def vae():
    return tfvae.zoo.vae((64,), latent_dim=4, likelihood=tfvae.likelihoods.Bernoulli((64,)))


def test_active_units_are_those_whose_location_varies(vae, flat):
    """Columns of the projection to the locations are switched off one by one."""
    dense = vae.posterior.head.dense
    kernel = 20 * np.array(dense.kernel)
    kernel[:, [2, 6]] = 0  # locations stand at even columns: dimensions 1 and 3
    dense.kernel.assign(kernel)
    np.testing.assert_array_equal(evaluation.active_units(vae, flat[:200]), [True, False, True, False])


def test_the_threshold_is_a_variance(vae, flat):
    variance = vae.predict(flat[:200], verbose=0)["latent"].var(axis=0)
    middle = float(np.median(variance))
    np.testing.assert_array_equal(evaluation.active_units(vae, flat[:200], middle), variance > middle)


def test_one_example_has_no_variance(vae, flat):
    with pytest.raises(InvalidInput, match="inputs: expected at least two examples"):
        evaluation.active_units(vae, flat[:1])


def test_means_and_their_errors(vae, flat):
    values = vae.log_likelihood(flat[:50], num_samples=8, seed=3).astype("float64")
    mean, error = evaluation.mean_log_likelihood(vae, flat[:50], num_samples=8, seed=3)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(50))
    assert evaluation.mean_elbo(vae, flat[:50], seed=3).mean == pytest.approx(
        vae.elbo(flat[:50], seed=3).mean()
    )
