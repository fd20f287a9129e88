"""What the README of an exported detector says: its inputs by column, its data, measures and training."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np

from tfvae.anomaly import VAEDetector
from tfvae.core.types import Tensors
from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.schema import ColumnSchema
from tfvae.export import ModelCard
from tfvae.export.endpoints.base import (
    Endpoint,
    endpoints,
    example_inputs,
    layers,
    threshold_of,
    trained_layers,
)
from tfvae.pipelines.runs.run import versions
from tfvae.pipelines.scoring.table_detector import table_features

_CELLS = {
    "number": "a number, NaN if missing",
    "text": "text, empty if missing",
    "date": "seconds since 1970-01-01 00:00 UTC (also for times without a zone), NaN if missing",
}


@dataclasses.dataclass(frozen=True)
class DescribedDetector:
    """A detector of tables whose endpoint names the table's columns.

    Attributes:
        detector: fitted to a table.
    """

    detector: VAEDetector


@endpoints.register
def described_endpoints(
    subject: DescribedDetector, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the detector's endpoint with column and unit of each input, and the order of attributions.

    Args:
        subject: the detector.
        preprocessing: must be None, as the detector has its own.
        num_samples: no effect, as the score has its own draws.
    """
    [served] = endpoints(subject.detector, preprocessing, num_samples)
    features = table_features(subject.detector)
    units = {**served.units, **input_units(features)}
    names = ", ".join(feature.name for feature in features.features)
    units["attribution"] = ", ".join(filter(None, [units.get("attribution"), f"in the order: {names}"]))
    return [dataclasses.replace(served, units=units)]


@example_inputs.register
def described_example_inputs(
    subject: DescribedDetector, preprocessing: keras.Layer | None, count: int = 5
) -> Tensors:
    """Return raw columns to try an export with.

    Args:
        subject: the detector.
        preprocessing: must be None, as the detector has its own.
        count: number of examples.
    """
    return example_inputs(subject.detector, preprocessing, count)


@layers.register
def described_layers(subject: DescribedDetector) -> list[keras.Layer]:
    """Return the layers that hold all weights and tables.

    Args:
        subject: the detector.
    """
    return layers(subject.detector)


@trained_layers.register
def described_trained_layers(subject: DescribedDetector) -> list[keras.Layer]:
    """Return the detector's model.

    Args:
        subject: the detector.
    """
    return trained_layers(subject.detector)


@threshold_of.register
def described_threshold(subject: DescribedDetector) -> float | None:
    """Return the fitted threshold.

    Args:
        subject: the detector.
    """
    return threshold_of(subject.detector)


def input_units(features: TableFeatures) -> dict[str, str]:
    """Return for each input of the graph the column that it holds, and how its cells are given.

    Args:
        features: the preprocessing of a detector of tables.
    """
    inputs = features.raw_table().inputs
    return {inputs[column.name]: _unit(column) for column in features.table.modeled}


def card(detector: VAEDetector, license: str = "") -> ModelCard:
    """Return the facts about a detector for a README.

    Args:
        detector: fitted to a table.
        license: license of the model.
    """
    features, scorer = table_features(detector), detector.scorer_
    scores = np.asarray(scorer.calibration.scores)
    threshold = float(np.asarray(scorer.calibration.threshold))
    unit = " nats" if scorer.score.in_nats else ""
    kinds: dict[str, list[str]] = {}
    for column in features.table.columns:
        kinds.setdefault(column.kind, []).append(column.name)
    return ModelCard(
        title="A detector of unusual rows",
        description="It scores the rows of a table. The higher the score, the less a row resembles the"
        " training data.",
        data={
            **{f"columns, {kind}": ", ".join(names) for kind, names in kinds.items()},
            "elements of x": len(features.features),
            "rows of the calibration": len(scores),
        },
        metrics={
            "threshold of the score": f"{threshold:.4g}{unit}",
            "median score of the calibration": f"{np.median(scores):.4g}{unit}",
            "share of the calibration above the threshold": f"{(scores > threshold).mean():.3g}",
        },
        license=license,
        training={
            "model": type(scorer.model).__name__,
            "score": type(scorer.score).__name__,
            "calibration": type(scorer.calibration).__name__,
            "epochs": "chosen by the number of rows" if detector.epochs is None else detector.epochs,
            "batch size": detector.batch_size,
            "learning rate": detector.learning_rate,
            "seed": detector.seed,
            **versions(),
        },
    )


def _unit(column: ColumnSchema) -> str:
    return f"column {column.name!r}: {_CELLS[column.cell_type]}"
