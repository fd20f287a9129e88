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
        operations: the operations in it, each once, all of them builtin ones.
        code: folder with code that calls it, in four languages.
        microcontroller: what a microcontroller needs to run it; None where that was not looked for.
    """

    operations: tuple[str, ...]
    code: Path
    microcontroller: Microcontroller | None = None
