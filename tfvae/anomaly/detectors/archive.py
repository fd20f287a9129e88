"""Detectors as zip archives: plain values as JSON, layers as Keras files, no pickles."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import keras
from sklearn.base import BaseEstimator

from tfvae.anomaly.detectors.layer_containers import DetectorArguments
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.data.sources.read_errors import one_line

SUFFIX = ".detector"

_FORMAT = 1
_ABOUT, _ARGUMENTS = "about.json", "arguments.keras"
_LAYERS = ("model", "score", "calibration", "preprocessing")


class Savable(Protocol):
    """Anything with a `save` method that writes a file."""

    def save(self, path: Any) -> None:
        """Write the file."""


@dataclasses.dataclass(frozen=True)
class Contents:
    """What an open archive holds.

    Attributes:
        kind: name of the detector's class.
        arguments: the detector's constructor arguments.
        learned: plain values from `fit`.
        folder: where the other files are.
        path: the archive, as messages name it.
    """

    kind: str
    arguments: dict[str, Any]
    learned: dict[str, Any]
    folder: Path
    path: Path

    def load(self, name: str) -> Any:
        """Return the Keras object saved under a name.

        Args:
            name: of the file in the archive.
        """
        return keras.saving.load_model(self.folder / name)

    def nested(self, name: str) -> contextlib.AbstractContextManager[Contents]:
        """Open a detector that is inside this one; messages name the archive that holds both.

        Args:
            name: of the file in the archive.
        """
        return _opened(self.folder / name, self.path)


def write(
    path: str | os.PathLike, detector: BaseEstimator, learned: dict[str, Any], parts: dict[str, Savable]
) -> None:
    """Write a detector's arguments and what it learned; an existing file is replaced at the end.

    Args:
        path: a name that ends in `.detector`.
        detector: its arguments are plain values and layers.
        learned: plain values from `fit`.
        parts: Keras models and detectors from `fit`, by the name of their file in the archive.

    Raises:
        InvalidInput: for a name with another ending.
        OSError: if the file cannot be written; an existing file is then unchanged.
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


def opened(path: str | os.PathLike) -> contextlib.AbstractContextManager[Contents]:
    """Open a file that `write` wrote; a context manager that yields its contents.

    Args:
        path: the file.

    Raises:
        UnreadableFile: names the path and the reason on one line; also for errors raised inside the context.
    """
    return _opened(Path(path), Path(path))


@contextlib.contextmanager
def _opened(file: Path, path: Path) -> Iterator[Contents]:
    expected = f"a {SUFFIX} file"
    if not file.is_file():
        raise UnreadableFile(path, expected, "there is no such file")
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory() as scratch:
            _check_complete(archive)
            about = json.loads(archive.read(_ABOUT))
            if about["format"] != _FORMAT:
                raise UnreadableFile(path, expected, f"it has format {about['format']}, not {_FORMAT}")
            archive.extractall(scratch)
            given: Any = keras.saving.load_model(Path(scratch) / _ARGUMENTS)
            layers = {name: getattr(given, name) for name in _LAYERS if getattr(given, name) is not None}
            arguments = about["arguments"] | layers
            yield Contents(about["kind"], arguments, about["learned"], Path(scratch), path)
    except UnreadableFile:
        raise
    except Exception as error:  # the bytes may be anything, and so may be what a reader says of them
        reason = f"it is damaged or of another format ({one_line(error) or type(error).__name__})"
        raise UnreadableFile(path, expected, reason) from error


def _check_complete(archive: zipfile.ZipFile) -> None:
    # A file that was cut off may end in an archive inside it; the first entry is then not at the start.
    if min((entry.header_offset for entry in archive.infolist()), default=0):
        raise ValueError("it was cut off")
    damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"checksum of {damaged}")
