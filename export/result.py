"""What an export returns, and how it fails."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Export:
    """An export that was written and verified.

    Attributes:
        path: the version's folder, or the file.
        size_bytes: bytes on disk.
        largest_difference: largest absolute difference between the model's numbers and those of the export,
            computed in a fresh process without this package; by endpoint.
        seconds_per_item: median time of one `encode` call with a single example, in that process.
    """

    path: Path
    size_bytes: int
    largest_difference: dict[str, float]
    seconds_per_item: float


class ExportError(RuntimeError):
    """A model that cannot be exported, or an export that computes other numbers; nothing of it is kept."""


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder.

    Args:
        path: the file or folder.
    """
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
