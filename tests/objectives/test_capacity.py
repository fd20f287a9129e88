"""The controlled capacity: the formula, and that the rate follows the schedule."""

import keras
import numpy as np
import pytest

from tfvae import schedules
from tfvae.core.errors import InvalidInput
from tfvae.objectives.capacity import ControlledCapacity


def test_the_loss_is_the_formula_on_either_side_of_the_capacity(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:40])
    rate = trace.rate.numpy()
    capacity = float(np.median(rate))
    assert rate.min() < capacity < rate.max()
    terms = ControlledCapacity(capacity, gamma=3.0).loss(trace, vae)
    np.testing.assert_allclose(terms["loss"], trace.distortion + 3.0 * np.abs(rate - capacity), rtol=1e-6)
    np.testing.assert_allclose(terms["capacity"], np.full(40, capacity), rtol=1e-6)


def test_capacity_zero_and_gamma_one_are_the_elbo(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:5])
    terms = ControlledCapacity(0.0, gamma=1.0).loss(trace, vae)
    np.testing.assert_allclose(terms["loss"], -trace.elbo, rtol=1e-6)


def test_the_rate_follows_the_schedule(small_vae, flat):
    vae = small_vae(objective=ControlledCapacity(schedules.Linear(0.0, 4.0, steps=100), gamma=100.0))
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(flat[:256], batch_size=64, epochs=50, verbose=0).history
    # The mean over the 4 steps of an epoch, of which the first sees the step count 4 e.
    expected = 4.0 * np.minimum((4 * np.arange(50) + 1.5) / 100, 1.0)
    np.testing.assert_allclose(history["capacity"][:24], expected[:24], rtol=1e-4)
    np.testing.assert_allclose(history["rate"][-10:], 4.0, atol=0.3)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"capacity": -1.0}, "capacity"),
        ({"capacity": "1"}, "capacity"),
        ({"capacity": 1.0, "gamma": -1.0}, "gamma"),
        ({"capacity": 1.0, "gamma": float("inf")}, "gamma"),
        ({"capacity": 1.0, "gamma": "1"}, "gamma"),
    ],
)
def test_impossible_arguments_are_refused_by_name(arguments, name):
    with pytest.raises(InvalidInput, match=f"^{name}: expected"):
        ControlledCapacity(**arguments)
