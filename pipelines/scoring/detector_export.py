"""A detector of tables as a SavedModel that takes the columns as they are."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfvae.anomaly import VAEDetector
from tfvae.export import saved_model
from tfvae.export.endpoints.base import Endpoint, endpoints
from tfvae.pipelines.scoring.batch_scorer import ABOUT, BatchScorer, Values

_QUANTILES = 200


def export(detector: VAEDetector, path: str | os.PathLike, version: int | None = None) -> Path:
    """Write `path/version/`: the endpoint `score` of named columns, and what `tfvae score` needs to use it.

    Args:
        detector: fitted to a table.
        path: the servable's folder.
        version: the version's number, which must be free; None is the one after the last.

    Raises:
        InvalidInput: the version exists.
        ExportError: the export gives other numbers than the detector.
    """
    notes = {ABOUT: json.dumps(about(detector), ensure_ascii=False)}
    return saved_model(detector, path, version, notes=notes).path


def about(detector: VAEDetector) -> dict:
    """Return what is told of a detector beside its graph, as plain lists, dicts, texts and numbers.

    schema, features, training: of `tfvae.data.tables.features.TableFeatures`; threshold: scores above it are
    anomalies; scores: evenly spaced quantiles of those it was calibrated on; above: share of these that are
    above the threshold.
    """
    features, calibration = detector.scorer_.preprocessing, detector.scorer_.calibration
    scores, threshold = np.asarray(calibration.scores), float(np.asarray(calibration.threshold))
    return {
        "schema": features.table.as_json(),
        "features": [feature.name for feature in features.features],
        "training": [profile.as_json() for profile in features.profiles],
        "threshold": threshold,
        "scores": np.quantile(scores, np.linspace(0, 1, _QUANTILES + 1)).tolist(),
        "above": float((scores > threshold).mean()),
    }


def in_process(detector: VAEDetector, top: int | None = None) -> BatchScorer:
    """Return what scores batches with a detector that is in memory, by the graph of its export."""
    [endpoint] = endpoints(detector, None, 0)
    graph = tf.function(functools.partial(Endpoint.__call__, endpoint), endpoint.signature, autograph=False)

    def function(values: Values) -> Values:
        found = graph(*(tf.convert_to_tensor(values[name]) for name in endpoint.specs))
        return {name: value.numpy() for name, value in found.items()}

    features = detector.scorer_.preprocessing
    return BatchScorer(features.raw_table(), [feature.name for feature in features.features], function, top)
