"""Detectors as zip archives: plain values as JSON, layers as Keras files. Nothing in them is a pickle."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import keras
from sklearn.base import BaseEstimator

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.core.part import Configured

SUFFIX = ".detector"

_FORMAT = 1
_ABOUT, _ARGUMENTS = "about.json", "arguments.keras"
_LAYERS = ("model", "score", "calibration", "preprocessing")


class Savable(Protocol):
    """What writes itself to a file."""

    def save(self, path: Path) -> None:
        """Write the file."""


class DetectorArguments(Configured, keras.Model):
    """The layers among a detector's arguments, as one object that a file can hold with their weights."""

    def __init__(
        self,
        model: keras.Layer | None = None,
        score: keras.Layer | None = None,
        calibration: keras.Layer | None = None,
        preprocessing: keras.Layer | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.model, self.score = model, score
        self.calibration, self.preprocessing = calibration, preprocessing
        self.built = True


@dataclasses.dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        kind: name of the detector's class.
        arguments: the detector's own.
        learned: plain values from `fit`.
        part: from the name of a file in the archive to its path.
    """

    kind: str
    arguments: dict
    learned: dict
    part: Callable[[str], str]


def write(path: str | os.PathLike, detector: BaseEstimator, learned: dict, parts: dict[str, Savable]) -> None:
    """Write a detector's arguments and what it learned, whole or not at all.

    Args:
        path: a name that ends in `.detector`.
        detector: its arguments are plain values and layers.
        learned: plain values.
        parts: what saves itself, by the name of the file.

    Raises:
        InvalidInput: for another name.
        OSError: where it cannot be written; the file that was there is left as it was.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise InvalidInput("path", f"a name that ends in {SUFFIX}", path)
    arguments = detector.get_params(deep=False)
    layers = {name: arguments.pop(name) for name in _LAYERS if isinstance(arguments.get(name), keras.Layer)}
    kind = type(detector).__name__
    about = {"format": _FORMAT, "kind": kind, "arguments": arguments, "learned": learned}
    with (
        tempfile.TemporaryDirectory() as scratch,
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr(_ABOUT, json.dumps(about))
        for name, part in {_ARGUMENTS: DetectorArguments(**layers), **parts}.items():
            part.save(Path(scratch) / name)
            archive.write(Path(scratch) / name, name)


@contextlib.contextmanager
def reading(path: str | os.PathLike) -> Iterator[Contents]:
    """Yield what a file holds that `write` wrote.

    Raises:
        UnreadableFile: with the path and the reason, also for what is found wrong while it is open.
    """
    path, expected = Path(path), f"a {SUFFIX} file"
    if not path.is_file():
        raise UnreadableFile(path, expected, "there is no such file")
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as scratch:
            damaged = archive.testzip()
            if damaged is not None:
                raise UnreadableFile(path, expected, f"it is damaged ({damaged})")
            about = json.loads(archive.read(_ABOUT))
            if about["format"] != _FORMAT:
                raise UnreadableFile(path, expected, f"it is of format {about['format']}, not {_FORMAT}")
            given = keras.saving.load_model(archive.extract(_ARGUMENTS, scratch))
            layers = {name: getattr(given, name) for name in _LAYERS if getattr(given, name) is not None}
            yield Contents(
                about["kind"],
                about["arguments"] | layers,
                about["learned"],
                lambda name: archive.extract(name, scratch),
            )
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        reason = (str(error).strip().splitlines() or ["empty"])[-1]
        raise UnreadableFile(path, expected, f"it is damaged or of another format ({reason})") from None
