"""What an export for devices returns."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfvae.export.device.microcontroller import Microcontroller
from tfvae.export.result import Export


@dataclasses.dataclass(frozen=True)
class DeviceExport(Export):
    """A LiteRT file that was written and verified.

    Attributes:
        operations: names of the operations in it, all of them builtin.
        code: folder with code that calls it, in four languages.
        microcontroller: what a microcontroller needs to run it; None if that was not measured.
    """

    operations: tuple[str, ...]
    code: Path
    microcontroller: Microcontroller | None = None
