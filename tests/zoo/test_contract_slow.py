"""Every recipe on two replicas, in bfloat16, and as a SavedModel in a fresh process."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae

pytestmark = pytest.mark.slow


def test_two_replicas_take_one_devices_steps(subject, two_replicas, same_noise):
    """SGD, as Adam would hide a wrong scale; ten steps of batches that split evenly."""
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            model = subject.make()
            model.compile(optimizer=keras.optimizers.SGD(1e-4))
        batches = tf.data.Dataset.from_tensor_slices(subject.rows(slice(256))).batch(64).repeat().take(10)
        with same_noise():  # once the weights are there, which are drawn at random too
            model.fit(batches, verbose=0)
        ends.append([np.array(variable) for variable in model.trainable_variables])
    for variable, one, two in zip(model.trainable_variables, *ends, strict=True):
        np.testing.assert_allclose(two, one, atol=1e-6, rtol=1e-5, err_msg=variable.path)


def test_it_trains_in_bfloat16(subject):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = subject.make()
    history = subject.fit(model, 2)
    falling = history["distortion"] if "critic_loss" in history else history["loss"]
    assert falling[-1] < falling[0]
    rebuilt = model.reconstruct(subject.rows(slice(5)))
    assert all(np.isfinite(array).all() for array in keras.tree.flatten(rebuilt))


def test_its_export_gives_its_numbers(subject, tmp_path):
    """`saved_model` compares in a fresh process and raises where the numbers differ."""
    model = subject.make()
    export = tfvae.export.saved_model(model, tmp_path / "servable", num_samples=4)
    has_likelihood = model.has_density and model.draws_at_random  # codes are a function of x
    expected = {"encode", "decode", "reconstruct", "sample", "score"}
    assert set(export.largest_difference) == expected | ({"log_likelihood"} if has_likelihood else set())
