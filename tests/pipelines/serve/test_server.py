"""The server in a process of its own: start, hostile clients, a new version, the end.

It must run without Keras, TensorFlow Probability and this library's models; signals go to a process; and it
must survive every request.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfvae.pipelines.cli.app import main
from tfvae.pipelines.serve import server as serving_process

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FORBIDDEN = ("keras", "tf_keras", "tensorflow_probability", "tfvae.models", "tfvae.export")
ALONE = f"""
import os, sys
os.environ["TFVAE_LAZY_IMPORT"] = "1"  # as in the installed command
for name in {FORBIDDEN}:
    sys.modules[name] = None
from tfvae.pipelines.cli.app import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def hostile():
    sys.path.insert(0, str(BENCHMARKS))
    import serving_hostile

    yield serving_hostile
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def folder(exported, tmp_path_factory):
    """The convolutional model under the name in the benchmark's requests."""
    return shutil.copytree(exported / "images", tmp_path_factory.mktemp("served") / "digits")


@pytest.fixture(scope="module")
def server(hostile, folder):
    options = ("--max-body-bytes", str(hostile.LARGEST), "--allowed-host", "model")
    with hostile.running(
        folder, *options, "--poll-seconds", "0.1", program=(sys.executable, "-c", ALONE)
    ) as server:
        yield server


def test_it_gives_pythons_numbers_bit_for_bit_with_tensorflow_alone(server, hostile, folder):
    x = np.array(json.loads(hostile.GOOD)["instances"], "float32")
    expected = tf.saved_model.load(str(folder / "1")).signatures["serving_default"](x=tf.constant(x))
    predictions = json.loads(hostile.honest(server))["predictions"]
    for name, value in expected.items():
        received = np.array([item[name] for item in predictions], "float32")
        assert received.tobytes() == value.numpy().tobytes()


@pytest.mark.parametrize(("host", "status"), [("model:8501", 200), ("evil.example", 403)])
def test_hosts_are_those_of_the_command(server, hostile, host, status):
    with server.connect() as connection:
        connection.sendall(hostile.message(hostile.GOOD, host=host))
        assert hostile.answer(connection)[0] == status


def test_hostile_requests_do_no_harm(server, hostile):
    """A short form of the benchmark: allowed answers only, the same answer to valid requests, no leak."""
    hostile.storm(server, len(hostile.ATTACKS) * 2, seed=1)
    before = hostile.memory(server)
    counts = hostile.storm(server, len(hostile.ATTACKS) * 5, seed=1000)
    assert sum(counts.values()) == len(hostile.ATTACKS) * 5
    assert not any(status in (500, 502, 504) for _, status in counts)
    assert hostile.memory(server) < before + 50


def test_a_new_version_is_served_without_an_interruption(server, hostile, folder):
    hostile.honest(server)
    shutil.copytree(folder / "1", folder / "tmp-2")
    os.replace(folder / "tmp-2", folder / "2")
    deadline = time.monotonic() + 60
    status = b""
    while b'"version":"2","state":"AVAILABLE"' not in status and time.monotonic() < deadline:
        hostile.honest(server)
        with server.connect() as connection:
            connection.sendall(hostile.message(b"", "/v1/models/digits", "GET"))
            status = hostile.answer(connection)[1]
    assert b'"version":"2","state":"AVAILABLE"' in status


def test_the_server_ends_after_the_running_request(server, hostile):
    """The last test of this process: the fixture then sees that it ends with status 0."""
    sent = hostile.message(hostile.GOOD)
    with server.connect() as connection:
        connection.sendall(sent[:-10])
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        with pytest.raises(ConnectionRefusedError):
            server.connect().close()
        connection.sendall(sent[-10:])
        status, body = hostile.answer(connection)
    assert status == 200
    assert json.loads(body)["predictions"]
    assert server.process.wait(30) == 0


@pytest.fixture
def starting(tmp_path):
    """A server that is loading a model for ever: its file is a pipe that nobody writes to."""
    pipe = tmp_path / "m" / "1" / "saved_model.pb"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    command = [sys.executable, "-c", ALONE, "serve", str(tmp_path / "m"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process, pipe
        process.kill()


def wait_for_a_reader(pipe):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):  # there is no reader yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    raise AssertionError("the server does not load the model")


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_a_model_is_loaded_ends_the_server_at_once(starting, stop, status):
    process, pipe = starting
    writer = wait_for_a_reader(pipe)
    try:
        process.send_signal(stop)
        assert process.wait(5) == status
        out, err = process.communicate()
        assert out == ""
        assert "Traceback" not in err
    finally:
        os.close(writer)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_tensorflow_is_imported_ends_the_server(starting, stop):
    """The interpreter alone may end by the signal itself, which a shell shows as 128 plus its number."""
    process, _ = starting
    time.sleep(1.5)
    process.send_signal(stop)
    assert process.wait(20) in (128 + stop, -stop)


def test_ctrl_c_ends_a_server_that_serves_with_status_0(exported, hostile):
    with hostile.running(exported / "table", program=(sys.executable, "-c", ALONE)) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0


def test_a_model_that_cannot_be_loaded_is_named(capfd, tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "1" / "saved_model.pb").write_bytes(b"no model")
    assert main(["serve", str(tmp_path / "m"), "--port", "0"]) == 1
    error = [line for line in capfd.readouterr().err.splitlines() if line.startswith("tfvae: ")]
    assert len(error) == 1
    assert error[0].startswith("tfvae: error: ")
    assert "expected a SavedModel" in error[0]


def test_small_packets_are_not_delayed():
    """Asyncio switches Nagle's algorithm off only for sockets that name their protocol."""
    with serving_process._listening("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_named(capfd, exported):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(exported / "table"), "--port", str(port)]) == 1
    assert f"127.0.0.1:{port}" in capfd.readouterr().err
