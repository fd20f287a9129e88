"""A detector of unusual rows, fitted to a table: one file with its schema, model and threshold."""

from __future__ import annotations

import dataclasses
import os
import sys
import warnings

import numpy as np

import tfvae
from tfvae import anomaly
from tfvae.anomaly import Calibration, Drift, Score, Scorer, VAEDetector
from tfvae.anomaly.calibration.held_out import held_out_mask
from tfvae.anomaly.detectors import table_defaults
from tfvae.anomaly.detectors.training import reproducible
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.files import Reject, TableFile, table_file
from tfvae.data.tables.raw_columns import Raw
from tfvae.data.tables.schema import TableSchema
from tfvae.data.tables.schema_inference import infer
from tfvae.models import LatentModel
from tfvae.pipelines.scoring.rejects import readable_mask, rejects_of

_REAL = "real"


@dataclasses.dataclass(frozen=True)
class Fitted:
    """The result of a fit or of a recalibration.

    Attributes:
        detector: the detector.
        rows: number of rows that were used.
        rejects: rows that could not be read.
        drift: how far the scores of a recalibration are from those before; None after a fit.
    """

    detector: VAEDetector
    rows: int
    rejects: tuple[Reject, ...]
    drift: Drift | None = None


def fit(
    data: str | os.PathLike[str],
    output: str | os.PathLike[str],
    schema: TableSchema | None = None,
    calibration: Calibration | None = None,
    epochs: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Fitted:
    """Fit a detector to a CSV or Parquet file and write it; `learn` without the writing.

    Args:
        data: the file.
        output: a file name ending in `.detector`.
        schema: what the columns hold, of all or of some; the rest is inferred from the rows.
        calibration: how the threshold is chosen; None means `Contamination(0.05)`.
        epochs: passes over the rows; None means a number that depends on the number of rows.
        seed: seed of all random numbers.
        progress: whether progress is printed: a bar at a terminal, otherwise a line every few passes.

    Raises:
        InvalidInput: the schema does not fit the table, or the table has too few rows.
        OSError: a file cannot be read or written.
    """
    fitted = learn(table_file(data), schema, calibration, epochs, seed, progress)
    fitted.detector.save(output)
    return fitted


def learn(
    file: TableFile,
    schema: TableSchema | None = None,
    calibration: Calibration | None = None,
    epochs: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Fitted:
    """Fit a detector to a table.

    If the calibration holds rows out, all else is learned from the other rows: what columns hold, their
    locations and scales, and the model.

    Args:
        file: the table.
        schema: what the columns hold, of all or of some; the rest is inferred from the rows.
        calibration: how the threshold is chosen; None means `Contamination(0.05)`.
        epochs: passes over the rows; None means a number that depends on the number of rows.
        seed: seed of all random numbers.
        progress: whether progress is printed: a bar at a terminal, otherwise a line every few passes.

    Raises:
        InvalidInput: the schema does not fit the table, or the table has too few rows.
        OSError: the table cannot be read.
    """
    held_out = _held_out(file, calibration, seed)
    learned_from = None if held_out is None else np.flatnonzero(~held_out)
    features = TableFeatures.fit(file, infer(file, schema, learned_from), learned_from)
    raw, rows, rejects = read(file, features)
    x = np.concatenate([np.asarray(features(part.values)) for part in raw])
    with reproducible(seed):
        model, score = _model_and_score(features)
    verbose = 0 if not progress else 1 if sys.stdout.isatty() else 2
    detector = VAEDetector(model, score, calibration=calibration, epochs=epochs, seed=seed, verbose=verbose)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about constant columns, which the schema shows
        fitted = (detector.fit(x) if held_out is None else detector.fit_without(held_out[rows], x)).scorer_
    scorer = Scorer(fitted.model, fitted.score, fitted.calibration, features, fitted.block)
    detector.set_params(preprocessing=features, verbose=0).with_scorer(scorer)
    return Fitted(detector, len(x), rejects)


def recalibrate(path: str | os.PathLike[str], data: str | os.PathLike[str]) -> Fitted:
    """Choose the threshold and the p-values again from a file of new normal rows; the model is unchanged.

    Args:
        path: the detector's file, which is replaced.
        data: a CSV or Parquet file.

    Raises:
        InvalidInput: the table lacks a column, or has too few rows.
        OSError: a file cannot be read or written.
    """
    detector = load(path)
    scorer = detector.scorer_
    raw, _, rejects = read(table_file(data), table_features(detector))
    scores = np.concatenate([scorer.assess_arrays(part.values)["score"] for part in raw])
    drift = detector.calibrated_by(scores)
    detector.save(path)
    return Fitted(detector, len(scores), rejects, drift)


def load(path: str | os.PathLike[str]) -> VAEDetector:
    """Load a detector of tables.

    Args:
        path: the file.

    Raises:
        UnreadableFile: it is another file.
    """
    expected = "a detector fitted to a table by `tfvae detector fit`"
    detector = anomaly.load(path)
    if not isinstance(detector, VAEDetector):
        raise UnreadableFile(path, expected, "it takes series")
    if not isinstance(detector.scorer_.preprocessing, TableFeatures):
        raise UnreadableFile(path, expected, "it takes arrays")
    return detector


def table_features(detector: VAEDetector) -> TableFeatures:
    """Return the preprocessing of a detector of tables: from raw columns to the model's x."""
    features = detector.scorer_.preprocessing
    if not isinstance(features, TableFeatures):
        raise InvalidInput("detector", "a detector fitted to a table", "one that takes arrays")
    return features


def _model_and_score(features: TableFeatures) -> tuple[LatentModel, Score]:
    """Return a VAE for the features of a table, `tfvae.zoo.hi_vae` with the kind of each, and -log p(x).

    If all of them are real, it is the default model and score of `tfvae.anomaly`.
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


def _held_out(file: TableFile, calibration: Calibration | None, seed: int) -> np.ndarray | None:
    """Return which of all rows of a file, also unreadable ones, are held out, bool [N]; None for none.

    What can be read follows from the schema, which is inferred from the rows that are not held out. So the
    choice comes first.
    """
    share = calibration.held_out if calibration else 0.0
    return held_out_mask(file.count(), share, seed) if share else None


def read(file: TableFile, features: TableFeatures) -> tuple[list[Raw], np.ndarray, tuple[Reject, ...]]:
    """Return all rows of a file that can be read, in parts; their indices; and a reject for each other row.

    Args:
        file: the table.
        features: of the detector.

    Raises:
        InvalidInput: the table lacks a column.
        UnreadableFile: the file is damaged, or no row can be read.
    """
    table = features.raw_table()
    table.check(file.names)
    parts, indices, rejects = [], [], []
    for rows in file.rows():
        raw = table.read(rows.batch)
        readable = readable_mask(len(rows.rows), raw.reasons)
        rejects += [*rows.rejects, *rejects_of(rows, raw.reasons)]
        if readable.any():
            parts.append(Raw({name: value[readable] for name, value in raw.values.items()}, {}))
            indices.append(rows.rows[readable])
    if not parts:
        reason = rejects[0].reason if rejects else "it holds no row"
        raise UnreadableFile(file.path, "at least one row that can be read", reason)
    return parts, np.concatenate(indices), tuple(sorted(rejects, key=lambda reject: reject.row))
