"""The engines that run an export: each makes the export it reads, runs it, and compares its numbers.

`measure` returns the keys of `tfvae.export.verification.verify.Report`, the `bytes` of the export and `notes`
on how it differs from the others; or raises `Unavailable` with the reason.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import functools
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from local_server import TFVAE

import tfvae
from tfvae.export.browser import chromium
from tfvae.export.endpoints.base import endpoints
from tfvae.export.result import ExportError, size_of
from tfvae.export.serving.saved_model import expectations
from tfvae.export.verification import check_common, verify

COMPARED, REPRESENTATIVE = 32, 200  # examples


class Unavailable(Exception):
    """Why an engine does not run an export."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A trained model, its data, and the exports that several engines read.

    Attributes:
        model: the model.
        data: examples by the names of its inputs.
        folder: for the exports.
        names: endpoints to compare.
        draws: that `score` averages over.
    """

    model: keras.Model
    data: dict[str, np.ndarray]
    folder: pathlib.Path
    names: tuple[str, ...]
    draws: int

    @functools.cached_property
    def expected(self) -> dict[str, np.ndarray]:
        """`endpoint/in/name` and `endpoint/out/name` arrays, of the model itself."""
        known = [each for each in endpoints(self.model, None, self.draws) if each.name in self.names]
        return expectations(known, {name: value[:COMPARED] for name, value in self.data.items()})

    @functools.cached_property
    def stored(self) -> pathlib.Path:
        """The same as a file."""
        np.savez(self.folder / "expected.npz", **self.expected)
        return self.folder / "expected.npz"

    @functools.cached_property
    def served(self) -> pathlib.Path:
        """A SavedModel."""
        return tfvae.export.saved_model(self.model, self.folder / "model", num_samples=self.draws).path


class Engine(abc.ABC):
    """Something that runs exports."""

    name: str

    @abc.abstractmethod
    def measure(self, case: Case, batch: int) -> dict:
        """Make the export, run it, and compare; see the module."""


@dataclasses.dataclass(frozen=True)
class Python(Engine):
    """The model's own endpoints, each a `tf.function`: what the others are compared with."""

    name: str = "Python"

    def measure(self, case: Case, batch: int) -> dict:
        known = {each.name: tf.function(each.__call__, input_signature=each.signature)
                 for each in endpoints(case.model, None, case.draws)}  # fmt: skip

        def run(endpoint: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            results = known[endpoint](*(tf.constant(value) for value in inputs.values()))
            return {name: value.numpy() for name, value in results.items()}

        case.model.save(case.folder / "model.keras")
        size = (case.folder / "model.keras").stat().st_size
        notes = ["the model itself: a graph against operation by operation; bytes of the .keras file"]
        return {**check_common.compare(case.expected, run, batch), "bytes": size, "notes": notes}


@dataclasses.dataclass(frozen=True)
class Served(Engine):
    """A SavedModel in a fresh process of another program."""

    name: str
    engine: verify.Engine

    def measure(self, case: Case, batch: int) -> dict:
        try:
            return {**self.engine.measure(case.served, case.stored, batch), "bytes": size_of(case.served)}
        except ExportError as error:
            raise Unavailable(f"{self.name}: {error}") from error


@dataclasses.dataclass(frozen=True)
class CommandLine(Engine):
    """`saved_model_cli run`, one process for each endpoint."""

    name: str = "saved_model_cli"

    def measure(self, case: Case, batch: int) -> dict:
        difference, relative = {}, {}
        for endpoint in case.names:
            outputs = check_common.with_prefix(case.expected, f"{endpoint}/out/")
            received = self._run(case, endpoint)
            gaps = {name: np.abs(received[name] - value) for name, value in outputs.items()}
            difference[endpoint] = max(float(gap.max()) for gap in gaps.values())
            relative[endpoint] = max(float((gaps[name] / (1 + np.abs(outputs[name]))).max()) for name in gaps)
        notes = ["saved_model_cli: each call is a process of some seconds; times would be those of its start"]
        empty = {"unsupported": {}, "seconds_alone": {}, "seconds_in_batch": {}}
        size = size_of(case.served)
        return {"difference": difference, "relative": relative, **empty, "bytes": size, "notes": notes}

    @staticmethod
    def _run(case: Case, endpoint: str) -> dict[str, np.ndarray]:
        target = case.folder / f"cli-{endpoint}"
        inputs = check_common.with_prefix(case.expected, f"{endpoint}/in/")
        np.savez(case.folder / "cli.npz", **inputs)
        given = ";".join(f"{name}={case.folder / 'cli.npz'}[{name}]" for name in inputs)
        command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "run",
                   "--dir", str(case.served), "--tag_set", "serve", "--signature_def", endpoint,
                   "--inputs", given, "--outdir", str(target)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise Unavailable(f"saved_model_cli, {endpoint}: {last}")
        return {path.stem: np.load(path) for path in target.glob("*.npy")}


@dataclasses.dataclass(frozen=True)
class Rest(Engine):
    """`tfvae serve` in a process of its own, asked over HTTP."""

    name: str = "tfvae serve, REST"

    def measure(self, case: Case, batch: int) -> dict:
        with self._server(case.served.parent) as address:

            def run(endpoint: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
                columns = {name: value.tolist() for name, value in inputs.items()}
                body = json.dumps({"signature_name": endpoint, "inputs": columns}).encode()
                with urllib.request.urlopen(f"{address}:predict", body) as answer:
                    outputs = json.load(answer)["outputs"]
                names = check_common.with_prefix(case.expected, f"{endpoint}/out/")
                named = (
                    outputs if len(names) > 1 else {next(iter(names)): outputs}
                )  # one comes without its name
                return {name: np.array(value, "float32") for name, value in named.items()}

            try:
                report = check_common.compare(case.expected, run, batch)
            except urllib.error.HTTPError as error:
                raise Unavailable(f"{self.name}: {error.code}, {error.read().decode()[:200]}") from error
        return {**report, "bytes": size_of(case.served)}

    @contextlib.contextmanager
    def _server(self, folder: pathlib.Path) -> Iterator[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(TFVAE), "serve", str(folder), "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        address, end = f"http://127.0.0.1:{port}/v1/models/{folder.name}", time.monotonic() + 120
        try:
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(address) as answer:
                    if "AVAILABLE" in answer.read().decode():
                        break
                if process.poll() is not None:
                    raise Unavailable(f"{self.name}: {process.stderr.read().strip().splitlines()[-1]}")
                if time.monotonic() > end:
                    raise Unavailable(f"{self.name}: not ready after two minutes")
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.communicate()


@dataclasses.dataclass(frozen=True)
class Device(Engine):
    """A LiteRT file, by the interpreter alone in a fresh process."""

    name: str
    quantize: str | None = None

    def measure(self, case: Case, batch: int) -> dict:
        path = case.folder / f"{self.quantize}.tflite"
        shown = {name: value[:REPRESENTATIVE] for name, value in case.data.items()}
        data = shown if self.quantize == "int8" else None
        make = functools.partial(
            tfvae.export.litert,
            case.model,
            path,
            list(case.names),
            quantize=self.quantize,
            representative_data=data,
            num_samples=case.draws,
        )
        notes = []
        try:
            try:
                make()
            except ExportError as error:
                if "any size" not in str(error):
                    raise
                make(batch_size=1)
                notes = ["LiteRT: loops run over a fixed batch, here of one: 256 are as many calls"]
            report = verify.LITERT.measure(path, case.stored, batch)
        except ExportError as error:
            raise Unavailable(f"{self.name}: {error}") from error
        return {**report, "bytes": path.stat().st_size, "notes": notes}


@dataclasses.dataclass(frozen=True)
class Browser(Engine):
    """The page of `tfvae.export.web` in Chromium."""

    name: str = "browser"

    def measure(self, case: Case, batch: int) -> dict:
        folder = case.folder / "page"
        try:
            tfvae.export.web(case.model, folder, num_samples=case.draws)
            report = chromium.measure(folder, case.expected, batch)
        except (ExportError, OSError) as error:
            raise Unavailable(f"{self.name}: {error}") from error
        notes = [f"browser: one example a call; with the runtime and the page {size_of(folder) / 1e6:.1f} MB"]
        return {**report, "bytes": (folder / "model.tflite").stat().st_size, "notes": notes}


ENGINES: tuple[Engine, ...] = (
    Python(),
    Served("TensorFlow, fresh", verify.TENSORFLOW),
    CommandLine(),
    Served("C API", verify.C_API),
    Served("OpenVINO", verify.OPENVINO),
    Rest(),
    Device("LiteRT float32"),
    Device("LiteRT float16", "float16"),
    Device("LiteRT int8", "int8"),
    Browser(),
)
