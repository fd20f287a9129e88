"""Training with Keras's `fit`: the number of passes, and random numbers that follow from a seed."""

import random

import numpy as np
import pytest
import tensorflow as tf

from tfvae.anomaly.detectors.training import ModelFitter, reproducible


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


def test_a_seed_repeats_all_random_numbers_and_the_generators_are_restored():
    def draws():
        order = tf.data.Dataset.range(50).shuffle(50)
        return random.random(), float(tf.random.uniform(())), [int(i) for i in order]

    random.seed(5)
    tf.random.set_seed(7)
    before = random.Random(5).random()
    with reproducible(3):
        first = draws()
    assert random.random() == before
    expected = float(tf.random.uniform(()))
    tf.random.set_seed(7)
    assert float(tf.random.uniform(())) == expected
    with reproducible(3):
        assert draws() == first
    with reproducible(4):
        assert draws() != first
