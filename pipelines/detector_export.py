"""A detector of tables as a SavedModel that takes the columns as they are."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.anomaly import Scorer
from tfvae.errors import InvalidInput
from tfvae.export import verify
from tfvae.export.endpoints import Endpoint, Tensors
from tfvae.export.saved_model import expectations
from tfvae.files import replacing
from tfvae.pipelines.score_batches import ABOUT, BatchScorer, Values

_EXAMPLES = 5
_QUANTILES = 200


def export(scorer: Scorer, path: str | os.PathLike, version: int = 1) -> Path:
    """Write `path/version/` with the endpoints `score` and `explain`, and what `tfvae score` needs to use it.

    score(columns): the score and its terms, `p_value`, `is_anomaly`, each [B]. explain(columns):
    `contributions`, [B, features]. It is checked in a fresh process before the folder gets its name.

    Raises:
        InvalidInput: the version exists.
        ExportError: the export gives other numbers than the detector.
    """
    target = Path(path) / str(version)
    if target.exists():
        raise InvalidInput("version", "one that is not there yet", f"{version}, and {target} exists")
    functions = endpoints(scorer)
    expected = expectations(functions, examples(scorer))
    archive = keras.export.ExportArchive()
    archive.track(scorer)
    for endpoint in functions:
        archive.add_endpoint(endpoint.name, endpoint.__call__, input_signature=endpoint.signature)
    with replacing(target) as folder:
        archive.write_out(str(folder), verbose=False)
        extra = folder / "assets.extra"
        extra.mkdir()
        (extra / ABOUT).write_text(json.dumps(about(scorer), ensure_ascii=False), encoding="utf-8")
        np.savez(extra / "verification.npz", **expected)
        verify.saved_model(folder)
    return target


def endpoints(scorer: Scorer) -> list[Endpoint]:
    """Return the endpoints of a scorer whose preprocessing takes named columns."""
    specs = scorer.preprocessing.specs

    def explain(raw: Tensors) -> Tensors:
        return {"contributions": scorer.contributions(raw)}

    return [Endpoint("score", specs, scorer.judged), Endpoint("explain", specs, explain)]


def examples(scorer: Scorer) -> Tensors:
    """Return columns by name to try an export with: draws from the model."""
    x = scorer.model.sample(_EXAMPLES, seed=0)
    return scorer.preprocessing.inverse(x)


def about(scorer: Scorer) -> dict:
    """Return what is told of a detector beside its graph, as plain lists, dicts, texts and numbers.

    schema, features, training: of `tfvae.data.table_features.TableFeatures`; threshold: scores above it are
    anomalies; scores: evenly spaced quantiles of those it was calibrated on; above: share of these that are
    above the threshold.
    """
    features, calibration = scorer.preprocessing, scorer.calibration
    scores, threshold = np.asarray(calibration.scores), float(np.asarray(calibration.threshold))
    return {
        "schema": features.table.as_json(),
        "features": [feature.name for feature in features.features],
        "training": [profile.as_json() for profile in features.profiles],
        "threshold": threshold,
        "scores": np.quantile(scores, np.linspace(0, 1, _QUANTILES + 1)).tolist(),
        "above": float((scores > threshold).mean()),
    }


def in_process(scorer: Scorer, top: int | None = None) -> BatchScorer:
    """Return what scores batches with a detector that is in memory, by the graphs of its export."""
    judge, explain = (
        tf.function(functools.partial(Endpoint.__call__, endpoint), endpoint.signature, autograph=False)
        for endpoint in endpoints(scorer)
    )
    names = list(scorer.preprocessing.specs)

    def function(values: Values) -> Values:
        tensors = [tf.convert_to_tensor(values[name]) for name in names]
        results = {name: value.numpy() for name, value in judge(*tensors).items()}
        if top != 0:
            results["contributions"] = explain(*tensors)["contributions"].numpy()
        return results

    features = scorer.preprocessing
    return BatchScorer(features.raw_table(), [feature.name for feature in features.features], function, top)
