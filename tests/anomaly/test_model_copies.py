"""Copies of models: the same function, or the same architecture with new weights."""

import numpy as np
import pytest

import tfvae
from tfvae.anomaly.model_copies import copy_model, reinitialized
from tfvae.objectives import ELBO, Trimmed


@pytest.mark.parametrize("objective", [None, Trimmed(ELBO(), 0.2)])
def test_a_copy_computes_the_same_and_shares_no_weight(exact, rows, objective):
    model = exact.vae(1.3)
    copy = copy_model(model, objective)
    np.testing.assert_array_equal(copy.elbo(rows, seed=1), model.elbo(rows, seed=1))
    assert type(copy.objective) is type(objective or model.objective)
    before = model.get_weights()
    copy.fit(rows, epochs=1, verbose=0)
    for weight, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_reinitialized_model_has_the_configuration_and_other_weights():
    model = tfvae.zoo.vae((6,), latent_dim=2)
    other = reinitialized(model)
    assert [weight.shape for weight in other.weights] == [weight.shape for weight in model.weights]
    kernel, other_kernel = (m.trainable_variables[0].numpy() for m in (model, other))
    assert (kernel != other_kernel).all()
