"""A detector of unusual rows, fitted to a table: one file with its schema, model and threshold."""

from __future__ import annotations

import dataclasses
import os
import warnings

import numpy as np

import tfvae
from tfvae import anomaly
from tfvae.anomaly import Calibration, Drift, Score, Scorer, VAEDetector
from tfvae.anomaly.detectors import table_defaults
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.files import Reject, TableFile, table_file
from tfvae.data.tables.raw_columns import Raw
from tfvae.data.tables.schema import TableSchema
from tfvae.data.tables.schema_inference import infer
from tfvae.models import LatentModel

_REAL = "real"


@dataclasses.dataclass(frozen=True)
class Fitted:
    """What a fit or a recalibration used.

    Attributes:
        detector: the detector, as it was written.
        rows: number of rows that were used.
        rejects: rows that could not be.
        drift: how far a recalibration's scores are from those before; None after a fit.
    """

    detector: VAEDetector
    rows: int
    rejects: tuple[Reject, ...]
    drift: Drift | None = None


def fit(
    data: str | os.PathLike,
    output: str | os.PathLike,
    schema: TableSchema | None = None,
    calibration: Calibration | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> Fitted:
    """Fit a detector to a CSV or Parquet file and write it.

    Args:
        data: the file.
        output: a name that ends in `.detector`.
        schema: what is known of the columns; the rest is told from the rows.
        calibration: how the threshold is chosen; None is `Contamination(0.05)`.
        epochs: passes over the rows; None is a number that suits their number.
        seed: start of all random numbers.

    Raises:
        InvalidInput: the schema does not fit the table, or the table has too few rows.
        OSError: a file cannot be read or written.
    """
    file = table_file(data)
    features = TableFeatures.fit(file, infer(file, schema))
    raw, rejects = rows_of(file, features)
    x = np.concatenate([np.asarray(features(part.values)) for part in raw])
    network, score = model_and_score(features)
    detector = VAEDetector(network, score, calibration=calibration, epochs=epochs, seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of constant columns, of which the schema tells
        fitted = detector.fit(x).scorer_
    scorer = Scorer(fitted.model, fitted.score, fitted.calibration, features, fitted.block)
    detector.set_params(preprocessing=features).with_scorer(scorer)
    detector.save(output)
    return Fitted(detector, len(x), rejects)


def recalibrate(path: str | os.PathLike, data: str | os.PathLike) -> Fitted:
    """Choose the threshold and the p-values anew on a file of new normal rows; the model stays as it is.

    Raises:
        InvalidInput: the table lacks a column, or has too few rows.
        OSError: a file cannot be read or written.
    """
    detector = load(path)
    scorer = detector.scorer_
    raw, rejects = rows_of(table_file(data), scorer.preprocessing)
    scores = np.concatenate([scorer.assess_arrays(part.values)["score"] for part in raw])
    drift = detector.calibrated_by(scores)
    detector.save(path)
    return Fitted(detector, len(scores), rejects, drift)


def load(path: str | os.PathLike) -> VAEDetector:
    """Read a detector of tables.

    Raises:
        UnreadableFile: it is none.
    """
    detector = anomaly.load(path)
    if not isinstance(detector.scorer_.preprocessing, TableFeatures):
        raise UnreadableFile(path, "a detector fitted to a table by `tfvae detector fit`", "it takes arrays")
    return detector


def model_and_score(features: TableFeatures) -> tuple[LatentModel, Score]:
    """Return a VAE for the features of a table, `tfvae.zoo.hi_vae` with the kind of each, and -log p(x).

    Where all of them are real it is the default model and score of `tfvae.anomaly`.
    """
    kinds = tuple(feature.kind for feature in features.features)
    if not kinds:
        raise InvalidInput("DATA", "at least one column to model", "keys alone")
    if set(kinds) == {_REAL}:
        return table_defaults.model((len(kinds),)), table_defaults.score()
    model = tfvae.zoo.hi_vae(
        (len(kinds),),
        latent_dim=max(1, min(8, len(kinds) // 2)),
        columns=kinds,
        encoder=tfvae.networks.mlp((64, 32)),
        decoder=tfvae.networks.mlp((32, 64)),
    )
    return model, anomaly.LogLikelihood()


def rows_of(file: TableFile, features: TableFeatures) -> tuple[list[Raw], tuple[Reject, ...]]:
    """Return all rows of a file that can be read, in parts, and those that cannot.

    Raises:
        InvalidInput: the table lacks a column.
        UnreadableFile: the file is damaged, or no row can be read.
    """
    table = features.raw_table()
    table.check(file.names)
    parts, rejects = [], []
    for part in file.rows():
        raw = table.read(part.batch)
        usable = np.ones(len(part.rows), bool)
        usable[list(raw.reasons)] = False
        rejects += part.rejects
        rejects += [
            Reject(int(part.rows[place]), int(part.lines[place]), reason)
            for place, reason in sorted(raw.reasons.items())
        ]
        if usable.any():
            parts.append(Raw({name: value[usable] for name, value in raw.values.items()}, {}))
    if not parts:
        reason = rejects[0].reason if rejects else "it holds no row"
        raise UnreadableFile(file.path, "at least one row that can be read", reason)
    return parts, tuple(sorted(rejects, key=lambda reject: reject.row))


def schema_text(data: str | os.PathLike) -> str:
    """Return the content of a schema file for a table."""
    return infer(table_file(data)).text()
