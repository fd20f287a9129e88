"""What decides the last bits: recorded in a run, compared at its resumption, and really what decides them."""

import os
import subprocess
import sys

import pytest

from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.machine import differences, machine
from tfvae.pipelines.runs.run import Run

_WEIGHTS = """
import hashlib, os
import keras, numpy as np
from tfvae.pipelines.cli.startup import make_repeatable
make_repeatable()
import tfvae
x = np.random.default_rng(0).random((256, 16, 16, 1)).astype("float32")
keras.utils.set_random_seed(0)
vae = tfvae.VAE(
    encoder=tfvae.networks.conv((8, 16)),
    decoder=tfvae.networks.deconv((16, 16, 1), (16, 8)),
    posterior=tfvae.posteriors.Normal(3),
    likelihood=tfvae.likelihoods.Bernoulli((16, 16, 1)),
)
vae.compile(optimizer="adam")
vae.fit(x, epochs=1, batch_size=64, verbose=0)
print(hashlib.sha256(b"".join(weight.tobytes() for weight in vae.get_weights())).hexdigest())
"""


def test_a_run_records_its_machine_and_resumes_without_a_word_on_the_same(image_run):
    assert Run.open(image_run.path).config["machine"] == machine()
    assert differences(machine()) == ""
    assert differences({}) == ""  # of a run without the record, nothing is known


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("TF_NUM_INTRAOP_THREADS", "7", "threads"),
        ("TF_ENABLE_ONEDNN_OPTS", "0", "oneDNN"),
        ("ONEDNN_MAX_CPU_ISA", "AVX2", "instructions"),
    ],
)
def test_each_setting_that_decides_is_named_with_its_remedy(monkeypatch, variable, value, name):
    here = machine()
    monkeypatch.setenv(variable, value)
    there = machine()
    assert [key for key in here if here[key] != there[key]] == [name]
    text = differences(here)
    assert text.startswith(f"{name}: {here[name]} then, {there[name]} now")
    monkeypatch.delenv(variable)
    if name != "instructions":
        assert f"({variable}={value} sets " in differences(there)


def test_a_run_that_is_resumed_elsewhere_is_told(image_run, tmp_path, capsys, monkeypatch):
    config = image_run.config | {"machine": machine() | {"threads": "1000"}}
    run = Run(tmp_path, config)
    run.write("config.json", config)
    monkeypatch.setattr(train, "_finish", lambda *arguments: None)
    train.resume(tmp_path)
    expected = "last bits will not be those of an uninterrupted run; threads: 1000 then"
    assert expected in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be kept on one core")
def test_threads_decide_the_bits_and_cores_do_not():
    """With as many threads, one core gives the bits of all."""

    def weights(cores, threads):
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": threads}
        script = f"import os; os.sched_setaffinity(0, {cores})\n{_WEIGHTS}"
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    cores = os.sched_getaffinity(0)
    if len(cores) == 1:
        pytest.skip("there is one core")
    one = {min(cores)}
    for threads in ("1", "2"):
        assert weights(cores, threads) == weights(one, threads)
