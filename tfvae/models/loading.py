"""Models to and from `.keras` files."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import keras

from tfvae.core.errors import UnreadableFile
from tfvae.models.base import LatentModel

_EXPECTED = "a .keras file of a tfvae model"
# RuntimeError: an encrypted archive, an unknown compression, JSON that is nested too deeply.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


def load(path: str | os.PathLike) -> LatentModel:
    """Read a model that `save` wrote, with its optimizer and the state of its random numbers.

    As `keras.saving.load_model`, with one clear error for a file that is missing, damaged or of
    another kind of model.

    Raises:
        UnreadableFile: with the path and the reason.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableFile(path, _EXPECTED, "there is no such file")
    if not zipfile.is_zipfile(path):
        raise UnreadableFile(path, _EXPECTED, "it is damaged or of another format")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            names = archive.namelist()
    except _DAMAGED as error:
        raise UnreadableFile(path, _EXPECTED, f"it is damaged ({error})") from None
    if damaged is not None or "config.json" not in names:
        raise UnreadableFile(path, _EXPECTED, f"it is damaged ({damaged or 'no config.json'})")
    try:
        model = keras.saving.load_model(path)
    except (*_DAMAGED, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise UnreadableFile(path, _EXPECTED, f"it cannot be made again ({reason})") from None
    if not isinstance(model, LatentModel):
        raise UnreadableFile(path, _EXPECTED, f"it holds a {type(model).__module__}.{type(model).__name__}")
    return model
