"""Active units against locations that are switched off one by one."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import active_units


@pytest.fixture
def vae():
    return tfvae.zoo.vae((64,), latent_dim=4, likelihood=tfvae.likelihoods.Bernoulli((64,)))


def test_active_units_are_those_whose_location_varies(vae, flat):
    """Columns of the projection to the locations are switched off one by one."""
    dense = vae.posterior.head.dense
    kernel = 20 * np.array(dense.kernel)
    kernel[:, [2, 6]] = 0  # locations are even columns: dimensions 1 and 3
    dense.kernel.assign(kernel)
    np.testing.assert_array_equal(active_units(vae, flat[:200]), [True, False, True, False])


def test_the_threshold_is_a_variance(vae, flat):
    variance = vae.predict(flat[:200], verbose=0)["latent"].var(axis=0)
    middle = float(np.median(variance))
    np.testing.assert_array_equal(active_units(vae, flat[:200], middle), variance > middle)


def test_one_example_is_rejected(vae, flat):
    with pytest.raises(InvalidInput, match="inputs: expected at least two examples"):
        active_units(vae, flat[:1])
