"""The file beside a detector's exported graph: what its scores mean and how its data was distributed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

from tfvae.core.errors import UnreadableFile

FILE_NAME = "table.json"
EXPORTED_DETECTOR = "a detector that `tfvae detector export` wrote"


class DetectorDescription(TypedDict):
    """A detector's facts, as JSON holds them.

    Attributes:
        schema: the table's columns, as `tfvae.data.tables.schema.TableSchema` writes them.
        inputs: name of the graph's input by the name of its column.
        features: names of the features, in the order of the attributions.
        training: the profile of each modeled column in training, see `tfvae.data.tables.profile.Profile`.
        threshold: scores above it are anomalies.
        scores: evenly spaced quantiles of the calibration scores.
        above: share of the calibration scores above the threshold.
    """

    schema: dict[str, Any]
    inputs: dict[str, str]
    features: list[str]
    training: list[dict[str, Any]]
    threshold: float
    scores: list[float]
    above: float


def as_text(description: DetectorDescription) -> str:
    """Return the content of the file."""
    return json.dumps(description, ensure_ascii=False)


def read_description(folder: Path) -> DetectorDescription:
    """Read the description of an exported detector.

    Args:
        folder: the folder of a version.

    Raises:
        UnreadableFile: the file is missing or damaged.
    """
    path = folder / "assets.extra" / FILE_NAME
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        reason = f"it has no readable assets.extra/{FILE_NAME}"
        raise UnreadableFile(folder, EXPORTED_DETECTOR, reason) from None
