"""The file beside a detector's exported graph: what its scores mean and how its data was distributed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypedDict

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.profile import Profile
from tfvae.data.tables.schema import TableSchema

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
        values = json.loads(path.read_text(encoding="utf-8"))
        _check(values)
    except (OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        reason = f"it has no readable assets.extra/{FILE_NAME}"
        raise UnreadableFile(folder, EXPORTED_DETECTOR, reason) from None
    return values


def _check(values: DetectorDescription) -> None:
    """Raise one of Python's errors for values that are no description."""
    modeled = TableSchema.from_json(values["schema"]).modeled
    for column, entry in zip(modeled, values["training"], strict=True):
        profile = Profile(**entry)
        for numbers in (profile.edges, profile.shares):
            _numbers(list(numbers))
        if len(profile.shares) < 2:
            raise ValueError(column.name)
        values["inputs"][column.name].encode()
    for feature in values["features"]:
        feature.encode()
    for name in ("features", "scores"):
        if not isinstance(values[name], list) or not values[name]:
            raise TypeError(name)
    _numbers([*values["scores"], values["threshold"], values["above"]])


def _numbers(values: list[float]) -> None:
    if not all(isinstance(value, int | float) and not math.isnan(value) for value in values):
        raise TypeError(values)
