"""Detectors of series to and from files."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from tfvae.anomaly import files
from tfvae.errors import InvalidInput, UnreadableFile
from tfvae.files import replacing
from tfvae.part import Configured

if TYPE_CHECKING:
    from tfvae.anomaly.calibration import Calibration
    from tfvae.anomaly.series import SeriesDetector

_SUFFIX = ".series"
_EXPECTED = f"a {_SUFFIX} file"
_FORMAT = 1
_LAYERS = ("model", "score", "calibration")


class Calibrations(Configured, keras.Model):
    """The calibrations of several entities, as one object that a file can hold."""

    def __init__(
        self, calibrations: tuple[Calibration, ...], *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.calibrations = tuple(calibrations)
        self.built = True


def save(detector: SeriesDetector, path: str | os.PathLike) -> None:
    """Write a fitted detector to one zip file, whole or not at all: its windows' detector, its thresholds.

    Raises:
        InvalidInput: for a name that does not end in `.series`.
        OSError: where it cannot be written; the file that was there is left as it was.
    """
    path = Path(path)
    if path.suffix != _SUFFIX:
        raise InvalidInput("path", f"a name that ends in {_SUFFIX}", path)
    arguments = detector.get_params(deep=False)
    layers = {
        name: arguments.pop(name) if isinstance(arguments[name], keras.Layer) else None for name in _LAYERS
    }
    about = {
        "format": _FORMAT,
        "arguments": arguments,
        "channels": detector.n_features_in_,
        "entities": list(detector.calibrations_),
    }
    with (
        tempfile.TemporaryDirectory() as scratch,
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr("series.json", json.dumps(about))
        made = {
            "windows.detector": detector.detector_,
            "given.keras": files.Given(**layers, preprocessing=None),
            "calibrations.keras": Calibrations(tuple(detector.calibrations_.values())),
        }
        for name, part in made.items():
            part.save(Path(scratch) / name)
            archive.write(Path(scratch) / name, name)


def load(path: str | os.PathLike) -> SeriesDetector:
    """Read a detector that `SeriesDetector.save` wrote; it scores to the same bits.

    Raises:
        UnreadableFile: with the path and the reason.
    """
    from tfvae.anomaly.series import SeriesDetector

    path = Path(path)
    if not path.is_file():
        raise UnreadableFile(path, _EXPECTED, "there is no such file")
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as scratch:
            about = json.loads(archive.read("series.json"))
            if about["format"] != _FORMAT:
                raise UnreadableFile(path, _EXPECTED, f"it is of format {about['format']}, not {_FORMAT}")
            given, calibrations = (
                keras.saving.load_model(archive.extract(name, scratch))
                for name in ("given.keras", "calibrations.keras")
            )
            inner = files.load(archive.extract("windows.detector", scratch))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        reason = (str(error).strip().splitlines() or ["empty"])[-1]
        raise UnreadableFile(path, _EXPECTED, f"it is damaged or of another format ({reason})") from None
    layers = {name: getattr(given, name) for name in _LAYERS if getattr(given, name) is not None}
    detector = SeriesDetector(**about["arguments"] | layers)
    detector.n_features_in_ = about["channels"]
    detector.detector_ = inner
    detector.calibrations_ = dict(zip(about["entities"], calibrations.calibrations, strict=True))
    return detector
