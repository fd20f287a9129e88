"""Detectors to and from files."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from tfvae.errors import InvalidInput, UnreadableFile
from tfvae.files import replacing
from tfvae.part import Configured

if TYPE_CHECKING:
    from tfvae.anomaly.detector import VAEDetector

_SUFFIX = ".detector"
_EXPECTED = f"a {_SUFFIX} file"
_FORMAT = 1
_LEARNED = ("n_features_in_", "feature_names_in_")  # of tables alone
_LAYERS = ("model", "score", "calibration", "preprocessing")


class Given(Configured, keras.Model):
    """The layers among a detector's arguments, as one object that a file can hold with their weights."""

    def __init__(
        self,
        model: keras.Layer | None,
        score: keras.Layer | None,
        calibration: keras.Layer | None,
        preprocessing: keras.Layer | None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.model, self.score = model, score
        self.calibration, self.preprocessing = calibration, preprocessing
        self.built = True


def save(detector: VAEDetector, path: str | os.PathLike) -> None:
    """Write a fitted detector to one file, whole or not at all.

    The file is a zip archive: the plain arguments as JSON, the given layers and the fitted ones as Keras
    files. Nothing in it is a pickle.

    Args:
        detector: the detector.
        path: a name that ends in `.detector`.

    Raises:
        InvalidInput: for another name.
        OSError: where it cannot be written; the file that was there is left as it was.
    """
    path = Path(path)
    if path.suffix != _SUFFIX:
        raise InvalidInput("path", f"a name that ends in {_SUFFIX}", path)
    arguments = detector.get_params(deep=False)
    layers = {
        name: arguments.pop(name) if isinstance(arguments[name], keras.Layer) else None for name in _LAYERS
    }
    learned = {name: getattr(detector, name) for name in _LEARNED if hasattr(detector, name)}
    learned = {name: np.asarray(value).tolist() for name, value in learned.items()}
    about = {"format": _FORMAT, "arguments": arguments, "learned": learned}
    with (
        tempfile.TemporaryDirectory() as scratch,
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr("detector.json", json.dumps(about))
        for name, made in (("given.keras", Given(**layers)), ("fitted.keras", detector.scorer_)):
            made.save(Path(scratch) / name)
            archive.write(Path(scratch) / name, name)


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

    path = Path(path)
    if not path.is_file():
        raise UnreadableFile(path, _EXPECTED, "there is no such file")
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as scratch:
            damaged = archive.testzip()
            if damaged is not None:
                raise UnreadableFile(path, _EXPECTED, f"it is damaged ({damaged})")
            about = json.loads(archive.read("detector.json"))
            if about["format"] != _FORMAT:
                raise UnreadableFile(path, _EXPECTED, f"it is of format {about['format']}, not {_FORMAT}")
            given, fitted = (
                keras.saving.load_model(archive.extract(name, scratch))
                for name in ("given.keras", "fitted.keras")
            )
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        reason = (str(error).strip().splitlines() or ["empty"])[-1]
        raise UnreadableFile(path, _EXPECTED, f"it is damaged or of another format ({reason})") from None
    layers = {name: getattr(given, name) for name in _LAYERS if getattr(given, name) is not None}
    detector = VAEDetector(**about["arguments"] | layers)
    for name, value in about["learned"].items():
        setattr(detector, name, np.array(value, dtype=object) if isinstance(value, list) else value)
    return detector.with_scorer(fitted)
