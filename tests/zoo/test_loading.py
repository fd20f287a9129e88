"""Every recipe's model loads in a new process that has imported no more than Keras and the library."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import tfvae

pytestmark = pytest.mark.slow

_SCRIPT = """
import keras, tfvae
import pathlib
models = {path.stem: keras.saving.load_model(path) for path in pathlib.Path().glob("*.keras")}

import numpy as np
for name, model in models.items():
    with np.load(name + ".inputs.npz") as inputs:
        answer = model.predict(dict(inputs), verbose=0)
    np.savez(name + ".outputs.npz", *keras.tree.flatten(answer))
"""


@pytest.fixture(scope="module", autouse=True)
def sums_in_one_order():
    """The new process has TensorFlow's own settings, and so this one has to keep them."""


@pytest.fixture(scope="module")
def answers(subject_of, tmp_path_factory):
    """What each saved model predicts in this process, and in the new one."""
    folder = tmp_path_factory.mktemp("models")
    expected = {}
    for name in tfvae.zoo.__all__:
        subject = subject_of(name)
        model, batch = subject.make(), subject.named(subject.rows(slice(8)))
        expected[name] = keras.tree.flatten(model.predict(batch, verbose=0))
        model.save(folder / f"{name}.keras")
        np.savez(folder / f"{name}.inputs.npz", **batch)
    environment = {name: value for name, value in os.environ.items() if name != "TFVAE_LAZY_IMPORT"}
    command = [sys.executable, "-c", _SCRIPT]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    received = {}
    for name in expected:
        with np.load(folder / f"{name}.outputs.npz") as outputs:
            received[name] = list(outputs.values())
    return expected, received


@pytest.mark.parametrize("name", tfvae.zoo.__all__)
def test_a_loaded_model_predicts_the_same_bits(answers, name):
    expected, received = (which[name] for which in answers)
    assert len(received) == len(expected) > 0
    for one, other in zip(expected, received, strict=True):
        np.testing.assert_array_equal(other, one)
