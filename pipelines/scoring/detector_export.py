"""A detector of tables as a SavedModel that takes the raw columns."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfvae.anomaly import VAEDetector
from tfvae.core.types import Array
from tfvae.export import saved_model
from tfvae.export.endpoints.base import Endpoint, endpoints
from tfvae.pipelines.scoring.detector_card import DescribedDetector, card
from tfvae.pipelines.scoring.detector_description import FILE_NAME, DetectorDescription, as_text
from tfvae.pipelines.scoring.table_detector import table_features
from tfvae.pipelines.scoring.table_scorer import TableScorer

_QUANTILES = 200


def export(
    detector: VAEDetector, path: str | os.PathLike[str], version: int | None = None, license: str = ""
) -> Path:
    """Write `path/version/`: the endpoint `score` of named columns, and the facts that `tfvae score` needs.

    An input has the name of its column, changed where a graph does not allow it. README.md beside the version
    lists the inputs with their columns and units, and the order of the attributions; for programs, these are
    in the version's `assets.extra/table.json`.

    Args:
        detector: fitted to a table.
        path: the folder of the served model.
        version: number of the version, which must not exist yet; None means the one after the last.
        license: license of the model, for the README.

    Returns:
        The folder of the version.

    Raises:
        InvalidInput: the version exists.
        ExportError: the export computes other numbers than the detector.
    """
    notes = {FILE_NAME: as_text(describe(detector))}
    described = DescribedDetector(detector)
    return saved_model(described, path, version, card=card(detector, license), notes=notes).path


def describe(detector: VAEDetector) -> DetectorDescription:
    """Return the facts that go with a detector's graph.

    Args:
        detector: fitted to a table.
    """
    features, calibration = table_features(detector), detector.scorer_.calibration
    scores, threshold = np.asarray(calibration.scores), float(np.asarray(calibration.threshold))
    return {
        "schema": features.table.as_json(),
        "inputs": features.raw_table().inputs,
        "features": [feature.name for feature in features.features],
        "training": [profile.as_json() for profile in features.profiles],
        "threshold": threshold,
        "scores": np.quantile(scores, np.linspace(0, 1, _QUANTILES + 1)).tolist(),
        "above": float((scores > threshold).mean()),
    }


def scorer_in_memory(detector: VAEDetector, top: int | None = None) -> TableScorer:
    """Return a scorer of table rows for a detector in memory, by the graph of its export.

    Args:
        detector: fitted to a table.
        top: number of features that are named in each row; None means 3, or all if there are fewer.
    """
    [endpoint] = endpoints(detector, None, 0)
    graph = tf.function(functools.partial(Endpoint.__call__, endpoint), endpoint.signature, autograph=False)

    def function(values: dict[str, Array]) -> dict[str, Array]:
        results = graph(*(tf.convert_to_tensor(values[name]) for name in endpoint.specs))
        return {name: value.numpy() for name, value in results.items()}

    features = table_features(detector)
    return TableScorer(features.raw_table(), [feature.name for feature in features.features], function, top)
