"""The fused Adam against Keras's."""

import keras
import numpy as np
import pytest

from tfvae.optimizers import Adam


@pytest.mark.parametrize(
    "options",
    [{}, {"clipnorm": 0.5}, {"weight_decay": 0.01}, {"amsgrad": True}, {"use_ema": True}, {"epsilon": 1e-3},
     {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, 50)}],
)  # fmt: skip
def test_it_takes_the_same_steps(options):
    rng = np.random.default_rng(0)
    start = [rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=3).astype("float32")]
    ours, theirs = ([keras.Variable(value) for value in start] for _ in range(2))
    mine, reference = Adam(**options), keras.optimizers.Adam(**options)
    for _ in range(50):
        gradients = [rng.normal(size=value.shape).astype("float32") for value in start]
        mine.apply(gradients, ours)
        reference.apply(gradients, theirs)
    for received, expected in zip(mine.variables, reference.variables, strict=True):
        np.testing.assert_allclose(received, expected, rtol=2e-5, atol=1e-7)
    for received, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


def test_its_configuration_round_trips():
    optimizer = Adam(learning_rate=0.01, beta_1=0.5, epsilon=1e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is Adam
    assert again.get_config() == optimizer.get_config()
