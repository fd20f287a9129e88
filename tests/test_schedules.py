"""Schedules at their corners, and that a compiled training step follows them."""

import numpy as np
import pytest

from tfvae import schedules
from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO


def test_linear_is_linear_then_flat():
    schedule = schedules.Linear(0.2, 1.0, steps=8)
    steps = np.arange(20, dtype="float32")
    expected = np.interp(steps, [0, 8], [0.2, 1.0])
    np.testing.assert_allclose([float(schedule(t)) for t in steps], expected, rtol=1e-6)


def test_linear_over_no_steps_is_its_end():
    schedule = schedules.Linear(0.2, 1.0, steps=0)
    assert [float(schedule(t)) for t in (0.0, 1.0)] == [1.0, 1.0]


def test_cyclical_repeats_with_its_period():
    schedule = schedules.Cyclical(0.0, 1.0, period=10, rise=0.4)
    values = [float(schedule(t)) for t in range(30)]
    np.testing.assert_allclose(values[:10], values[10:20])
    np.testing.assert_allclose(values[:5], [0, 0.25, 0.5, 0.75, 1.0])
    assert set(values[4:10]) == {1.0}


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: schedules.Constant(-1.0), "value"),
        (lambda: schedules.Constant(float("nan")), "value"),
        (lambda: schedules.Linear(0.0, 1.0, steps=-1), "steps"),
        (lambda: schedules.Cyclical(0.0, 1.0, period=10, rise=0.0), "rise"),
    ],
)
def test_impossible_schedules_are_refused_by_name(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()


def test_training_follows_the_optimizer_step(small_vae, flat, silent):
    """Loss - distortion is beta(step) rate, so the graph must not have frozen beta at its first value."""
    vae = small_vae(silent(4), ELBO(beta=schedules.Linear(0.0, 1.0, steps=10)))
    vae.compile()
    seen = []
    for _ in range(12):
        step = int(vae.optimizer.iterations.numpy())
        logs = vae.fit(flat[:32], batch_size=32, shuffle=False, verbose=0).history
        seen.append((step, (logs["loss"][0] - logs["distortion"][0]) / logs["rate"][0]))
    for step, beta in seen:
        assert beta == pytest.approx(min(step / 10, 1.0), abs=2e-4)
