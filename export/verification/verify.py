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
from typing import final

from tfvae.core.errors import UnreadableFile
from tfvae.export.result import ExportError

_TOLERANCE = 1e-4  # relative to 1 + |expected|
_CHECKS = Path(__file__).parent


@final
@dataclasses.dataclass(frozen=True)
class Engine:
    """A program that runs an export's endpoints, in a process of its own.

    Attributes:
        title: what people call it.
        script: the file in this folder that runs it.
        package: what it imports.
    """

    title: str
    script: str
    package: str

    def measure(self, export: Path, expected: Path, batch: int = 0) -> dict:
        """Run an export and return what `check_common.report` prints; numbers may differ.

        Args:
            export: what the engine reads.
            expected: the .npz file of inputs and outputs.
            batch: examples in the batch that is timed; 0 times none.

        Raises:
            ExportError: where the engine is not there, or cannot run the export.
        """
        if importlib.util.find_spec(self.package) is None:
            raise ExportError(f"{self.title}: expected the package {self.package} to be installed")
        script = str(_CHECKS / self.script)
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


def saved_model(folder: Path) -> dict:
    """Load a SavedModel with TensorFlow alone; return differences by endpoint and the time per item.

    Raises:
        UnreadableFile: where the numbers to compare with are not there.
        ExportError: where it cannot be loaded or gives other numbers.
    """
    return require_equal(folder.name, TENSORFLOW.measure(folder, stored_numbers(folder)))


def stored_numbers(folder: Path) -> Path:
    """Return the file with the numbers that a SavedModel gave when it was exported.

    Raises:
        UnreadableFile: where it is missing or damaged.
    """
    path, expected = folder / "assets.extra" / "verification.npz", "the numbers stored at export"
    if not path.is_file():
        raise UnreadableFile(path, expected, "there is no such file")
    if not zipfile.is_zipfile(path):
        raise UnreadableFile(path, expected, "it is no .npz file")
    return path


def wrong_numbers(report: dict, tolerance: float = _TOLERANCE) -> dict[str, float]:
    """Return the relative difference of those endpoints where it is too large, or not finite."""
    return {
        name: value
        for name, value in report["relative"].items()
        if not (value <= tolerance and math.isfinite(value))
    }


def require_equal(name: str, report: dict, tolerance: float = _TOLERANCE) -> dict:
    """Return a report whose numbers are the model's, up to a tolerance relative to 1 + |expected|.

    Raises:
        ExportError: where they are not.
    """
    if not report["difference"]:
        raise ExportError(f"{name}: expected an endpoint that runs, received refusals of all of them")
    if wrong := wrong_numbers(report, tolerance):
        raise ExportError(
            f"{name}: expected the model's numbers to a relative {tolerance:g}, received {wrong}"
        )
    return report
