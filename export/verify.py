"""Run an export in a fresh process that cannot import this package, and compare its numbers."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from tfvae.export.result import ExportError

_TOLERANCE = 1e-4  # relative to 1 + |expected|
_CHECKS = Path(__file__).parent


def saved_model(folder: Path) -> dict:
    """Load a SavedModel with TensorFlow alone; return differences by endpoint and the time per item.

    Raises:
        ExportError: where it cannot be loaded or gives other numbers.
    """
    return _run("check_saved_model.py", folder, folder / "assets.extra" / "verification.npz")


def litert(file: Path, expected: Path, tolerance: float = _TOLERANCE) -> dict:
    """Run a LiteRT file with its interpreter alone; return what `saved_model` does.

    Args:
        file: the file.
        expected: an `.npz` file of the numbers that it must reproduce.
        tolerance: relative to 1 + |expected|; infinite asks for finite numbers alone.
    """
    return _run("check_litert.py", file, expected, tolerance)


def microcontroller(file: Path, inputs: Path) -> dict:
    """Run a LiteRT file under the microcontroller interpreter; return what `Microcontroller` holds."""
    return _report("check_micro.py", file, inputs)


def _run(script: str, export: Path, expected: Path, tolerance: float = _TOLERANCE) -> dict:
    report = _report(script, export, expected)
    relative = report["relative"].items()
    wrong = {name: value for name, value in relative if not (value <= tolerance and math.isfinite(value))}
    if wrong:
        kind = f"to a relative {tolerance:g}" if math.isfinite(tolerance) else "or others, all of them finite"
        raise ExportError(f"{export.name}: expected the model's numbers {kind}, received {wrong}")
    return report


def _report(script: str, export: Path, expected: Path) -> dict:
    command = [sys.executable, "-I", str(_CHECKS / script), str(export), str(expected)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ExportError(f"{export.name}: it cannot be run in a fresh process ({last})")
    return json.loads(done.stdout.strip().splitlines()[-1])
