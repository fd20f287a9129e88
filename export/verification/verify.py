"""Run an export in a fresh process that cannot import this package, and compare its numbers."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, TypedDict, cast, final

from tfvae.core.errors import UnreadableFile
from tfvae.export.result import ExportError

_TOLERANCE = 1e-4  # relative to 1 + |expected|
_SCRIPTS = Path(__file__).parent


class Report(TypedDict):
    """How far an export's numbers are from the model's, and how long its endpoints take.

    Attributes:
        difference: largest absolute difference, by endpoint.
        relative: largest difference relative to 1 + |expected|, by endpoint.
        unsupported: why the engine cannot run an endpoint, by endpoint.
        seconds_alone: time with one example, of `encode` or the first endpoint; with a timed batch, of each.
        seconds_in_batch: time per example in a batch, by endpoint.
    """

    difference: dict[str, float]
    relative: dict[str, float]
    unsupported: dict[str, str]
    seconds_alone: dict[str, float]
    seconds_in_batch: dict[str, float]


@final
@dataclasses.dataclass(frozen=True)
class Engine:
    """A program that runs an export's endpoints, in a process of its own.

    Attributes:
        title: its name for people.
        script: the file in this folder that runs it.
        package: the package that it imports.
    """

    title: str
    script: str
    package: str

    def measure(self, export: Path, expected: Path, batch: int = 0) -> Report:
        """Run an export and compare; the numbers may differ.

        Args:
            export: what the engine reads.
            expected: an .npz file with `endpoint/in/name` and `endpoint/out/name` arrays.
            batch: examples in the batch that is timed; 0 times none.

        Raises:
            ExportError: the engine is not installed, or cannot run the export.
        """
        return cast(Report, self.run(export, expected, batch))

    def run(self, export: Path, expected: Path, batch: int = 0) -> dict[str, Any]:
        """Run the script and return the JSON object that it prints.

        Args:
            export: what the engine reads.
            expected: an .npz file with `endpoint/in/name` and `endpoint/out/name` arrays.
            batch: examples in the batch that is timed; 0 times none.

        Raises:
            ExportError: the engine is not installed, or cannot run the export.
        """
        if importlib.util.find_spec(self.package) is None:
            raise ExportError(f"{self.title}: expected the package {self.package} to be installed")
        script = str(_SCRIPTS / self.script)
        command = [sys.executable, "-I", script, str(export), str(expected), *([str(batch)] if batch else [])]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            last = lines[-1] if lines else f"exit status {done.returncode}"
            raise ExportError(f"{export.name}: it cannot be run in a fresh process ({last})")
        return json.loads(done.stdout.strip().splitlines()[-1])


TENSORFLOW = Engine("TensorFlow", "check_saved_model.py", "tensorflow")
C_API = Engine("TensorFlow's C++ loader", "check_c_api.py", "tensorflow")
OPENVINO = Engine("OpenVINO", "check_openvino.py", "openvino")
LITERT = Engine("LiteRT", "check_litert.py", "ai_edge_litert")
MICRO = Engine("the microcontroller interpreter", "check_micro.py", "tflite_micro")


def saved_model(folder: Path) -> Report:
    """Load a SavedModel with TensorFlow alone, and compare with the numbers stored at export.

    Args:
        folder: folder of a version.

    Raises:
        UnreadableFile: the stored numbers are missing.
        ExportError: it cannot be loaded, or computes other numbers.
    """
    return require_equal(folder.name, TENSORFLOW.measure(folder, stored_numbers(folder)))


def stored_numbers(folder: Path) -> Path:
    """Return the file with the inputs and outputs of a SavedModel's endpoints at export.

    Args:
        folder: folder of a version.

    Raises:
        UnreadableFile: it is missing or damaged.
    """
    path, expected = folder / "assets.extra" / "verification.npz", "the numbers stored at export"
    if not path.is_file():
        raise UnreadableFile(path, expected, "there is no such file")
    if not zipfile.is_zipfile(path):
        raise UnreadableFile(path, expected, "it is no .npz file")
    return path


def seconds_per_item(report: Report) -> float:
    """Return the time of `encode`, or of the first endpoint, with one example.

    Args:
        report: of an engine that runs this endpoint.
    """
    seconds = report["seconds_alone"]
    return seconds["encode"] if "encode" in seconds else next(iter(seconds.values()))


def wrong_numbers(report: Report, tolerance: float = _TOLERANCE) -> dict[str, float]:
    """Return the relative difference of those endpoints for which it is too large, or not finite.

    Args:
        report: of an engine.
        tolerance: largest allowed difference relative to 1 + |expected|.
    """
    return {
        name: value
        for name, value in report["relative"].items()
        if not (value <= tolerance and math.isfinite(value))
    }


def require_equal(name: str, report: Report, tolerance: float = _TOLERANCE) -> Report:
    """Return a report if its numbers are the model's, up to a tolerance.

    Args:
        name: name of the export, for messages.
        report: of an engine.
        tolerance: largest allowed difference relative to 1 + |expected|.

    Raises:
        ExportError: they are not.
    """
    if not report["difference"]:
        raise ExportError(f"{name}: expected an endpoint that runs, received unsupported ones alone")
    if wrong := wrong_numbers(report, tolerance):
        raise ExportError(
            f"{name}: expected the model's numbers to a relative {tolerance:g}, received {wrong}"
        )
    return report
