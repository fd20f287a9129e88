"""Whether a LiteRT file runs in the microcontroller interpreter, and in how much memory."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

from tfvae.export.verification import verify


@dataclasses.dataclass(frozen=True)
class Microcontroller:
    """What a microcontroller needs to run a file.

    Attributes:
        arena_bytes: smallest tensor arena, besides the file itself; None if it does not run.
        largest_difference: largest absolute difference from the LiteRT interpreter's numbers; None if it does
            not run.
        reason: why it does not run; empty if it does.
    """

    arena_bytes: int | None
    largest_difference: float | None
    reason: str = ""


def available() -> bool:
    """Return whether the interpreter, the package tflite-micro, is installed."""
    return importlib.util.find_spec(verify.MICRO.package) is not None


def microcontroller(file: Path, inputs: Path) -> Microcontroller:
    """Run a file of one endpoint in a fresh process, one example at a time, and find the smallest arena.

    Args:
        file: the `.tflite` file.
        inputs: an `.npz` file with arrays `endpoint/in/name`.
    """
    return Microcontroller(**verify.MICRO.run(file, inputs))
