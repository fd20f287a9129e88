"""Detectors to and from files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import keras
import numpy as np

from tfvae.anomaly import archive

if TYPE_CHECKING:
    from tfvae.anomaly.detector import VAEDetector

_SUFFIX = ".detector"
_FITTED = "fitted.keras"
_LEARNED = ("n_features_in_", "feature_names_in_")  # of tables alone


def save(detector: VAEDetector, path: str | os.PathLike) -> None:
    """Write a fitted detector to one file, whole or not at all.

    Args:
        detector: the detector.
        path: a name that ends in `.detector`.

    Raises:
        InvalidInput: for another name.
        OSError: where it cannot be written; the file that was there is left as it was.
    """
    learned = {name: getattr(detector, name) for name in _LEARNED if hasattr(detector, name)}
    learned = {name: np.asarray(value).tolist() for name, value in learned.items()}
    archive.write(path, _SUFFIX, detector, learned, {_FITTED: detector.scorer_})


def load(path: str | os.PathLike) -> VAEDetector:
    """Read a detector that `save` wrote; it scores to the same bits.

    Raises:
        UnreadableFile: with the path and the reason.

    Example:
        >>> import tempfile, numpy, tfvae
        >>> x = numpy.random.default_rng(0).normal(size=(100, 3))
        >>> path = tempfile.mkdtemp() + "/x.detector"
        >>> tfvae.anomaly.VAEDetector(epochs=1).fit(x).save(path)
        >>> load(path).predict(x).shape
        (100,)
    """
    from tfvae.anomaly.detector import VAEDetector

    with archive.reading(path, _SUFFIX) as found:
        fitted = keras.saving.load_model(found.part(_FITTED))
        detector = VAEDetector(**found.arguments)
    for name, value in found.learned.items():
        setattr(detector, name, np.array(value, dtype=object) if isinstance(value, list) else value)
    return detector.with_scorer(fitted)
