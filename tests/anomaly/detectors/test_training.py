"""Training with Keras's `fit`: the number of passes, and random numbers that follow from a seed."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae.anomaly.detectors.blockwise import without_arithmetic_optimizer
from tfvae.anomaly.detectors.training import ModelFitter, reproducible
from tfvae.core import array_batches
from tfvae.core.noise import SeedStream


@pytest.mark.parametrize(("rows", "epochs"), [(20, 3), (500, 20), (9000, 2)])
def test_the_number_of_passes_is_the_one_asked_for(exact, rows, epochs):
    """Small data are repeated within an epoch of Keras, each of which rounds its last mini-batch up."""
    model = exact.vae()
    ModelFitter(epochs, batch_size=128, learning_rate=1e-3)(model, exact.sample(rows, seed=2))
    asked = epochs * rows / min(128, rows)
    rounded = np.ceil(epochs / max(1, 8192 // rows))
    assert asked <= int(model.optimizer.iterations) < asked + rounded


def test_no_epochs_leave_the_model_unchanged(exact):
    model = exact.vae()
    before = model.get_weights()
    ModelFitter(0, batch_size=128, learning_rate=1e-3)(model, exact.sample(20, seed=2))
    for weight, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)


def _draws():
    """Initial weights, a stream of noise, and the orders of two passes."""
    weights = keras.layers.Dense(2)
    weights.build((None, 2))
    order = array_batches.batches(np.arange(20), 20, shuffle=True)
    noise = SeedStream().next().numpy().tolist()
    orders = [batch.numpy().tolist() for _ in range(2) for batch in order]
    return weights.get_weights()[0].tolist(), noise, orders


def test_all_random_numbers_follow_from_the_seed_alone():
    random.seed(5)
    tf.random.set_seed(7)
    with reproducible(3):
        first = _draws()
    random.seed(6)
    tf.random.set_seed(8)
    with reproducible(3):
        assert _draws() == first
    with reproducible(4):
        other = _draws()
    assert all(mine != theirs for mine, theirs in zip(first, other, strict=True))


def test_the_generators_that_all_threads_share_are_not_touched(monkeypatch):
    def forbidden(*args):
        raise AssertionError("a global seed is set")

    for name in ("seed", "setstate"):
        monkeypatch.setattr(random, name, forbidden)
    monkeypatch.setattr(tf.random, "set_seed", forbidden)
    monkeypatch.setattr(np.random, "seed", forbidden)
    state, numpy_state = random.getstate(), np.random.get_state()[1].tolist()
    with reproducible(3):
        _draws()
    assert random.getstate() == state
    assert np.random.get_state()[1].tolist() == numpy_state


def test_the_optimizer_stays_off_until_the_last_thread_has_left():
    def is_on():
        return tf.config.optimizer.get_experimental_options().get("arithmetic_optimization", True)

    before = is_on()
    first = without_arithmetic_optimizer()
    first.__enter__()
    with without_arithmetic_optimizer():
        first.__exit__(None, None, None)
        assert not is_on()
    assert is_on() == before
