"""Detectors of series to and from files: the detector of their windows, and each entity's threshold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import keras

from tfvae.anomaly import archive, files
from tfvae.part import Configured

if TYPE_CHECKING:
    from tfvae.anomaly.calibration import Calibration
    from tfvae.anomaly.series import SeriesDetector

_SUFFIX = ".series"
_WINDOWS, _CALIBRATIONS = "windows.detector", "calibrations.keras"


class Calibrations(Configured, keras.Model):
    """The calibrations of several entities, as one object that a file can hold."""

    def __init__(
        self, calibrations: tuple[Calibration, ...], *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.calibrations = tuple(calibrations)
        self.built = True


def save(detector: SeriesDetector, path: str | os.PathLike) -> None:
    """Write a fitted detector to one file, whole or not at all.

    Raises:
        InvalidInput: for a name that does not end in `.series`.
        OSError: where it cannot be written; the file that was there is left as it was.
    """
    learned = {"channels": detector.n_features_in_, "entities": list(detector.calibrations_)}
    calibrations = Calibrations(tuple(detector.calibrations_.values()))
    parts = {_WINDOWS: detector.detector_, _CALIBRATIONS: calibrations}
    archive.write(path, _SUFFIX, detector, learned, parts)


def load(path: str | os.PathLike) -> SeriesDetector:
    """Read a detector that `SeriesDetector.save` wrote; it scores to the same bits.

    Raises:
        UnreadableFile: with the path and the reason.
    """
    from tfvae.anomaly.series import SeriesDetector

    with archive.reading(path, _SUFFIX) as found:
        detector = SeriesDetector(**found.arguments)
        detector.detector_ = files.load(found.part(_WINDOWS))
        calibrations = keras.saving.load_model(found.part(_CALIBRATIONS)).calibrations
    detector.n_features_in_ = found.learned["channels"]
    detector.calibrations_ = dict(zip(found.learned["entities"], calibrations, strict=True))
    return detector
