"""Sources by name: tables of prefixes and of file endings, and folders by what they contain."""

from __future__ import annotations

import glob
import os
import pathlib
from collections.abc import Callable, Sequence

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.base import Source
from tfvae.data.sources.csv_file import CsvFile
from tfvae.data.sources.idx import IdxFiles
from tfvae.data.sources.image_folder import ImageFolder, image_files, visible_entries
from tfvae.data.sources.npy import NpyFile, NpzFile
from tfvae.data.sources.parquet_file import ParquetFile
from tfvae.data.sources.shards import Shards
from tfvae.data.sources.sklearn_datasets import SklearnDataset
from tfvae.data.sources.sprites import SpriteImages
from tfvae.data.sources.tfds import TfdsSplit
from tfvae.data.sources.tfrecord import TfRecordFile

_PREFIXES: dict[str, Callable[[str], Source]] = {
    "tfds:": TfdsSplit,
    "sklearn:": SklearnDataset,
    "sprites:": SpriteImages,
    "idx:": lambda location: IdxFiles(pathlib.Path(location).expanduser()),
}
_ENDINGS: dict[str, Callable[[pathlib.Path], Source]] = {
    ".npy": NpyFile,
    ".npz": NpzFile,
    ".csv": CsvFile,
    ".csv.gz": CsvFile,
    ".parquet": ParquetFile,
    ".tfrecord": TfRecordFile,
    ".tfrecord.gz": TfRecordFile,
    "-ubyte": IdxFiles,
    "-ubyte.gz": IdxFiles,
}
_NAMES = (
    "tfds:NAME[/SPLIT], sklearn:NAME, sprites:[N], idx:FOLDER[/train or /test], a folder of images, "
    "or files ending in " + ", ".join(_ENDINGS)
)
_GLOB = frozenset("*?[")


def source(name: str | os.PathLike[str]) -> Source:
    """Return the source with a name; nothing is read until its shape or its rows are needed.

    * `tfds:NAME`, `tfds:NAME/SPLIT`: a data set of TensorFlow Datasets
    * `sklearn:digits`, `breast_cancer`, `diabetes`, `iris`, `wine`: a data set inside scikit-learn
    * `sprites:20000`, `sprites:`: a random sample of the images of `Sprites`, or all of them
    * `idx:FOLDER`, `idx:FOLDER/test`: files as of MNIST, plain or gzipped
    * a file `.npy`, `.npz`, `.csv`, `.csv.gz`, `.parquet`, `.tfrecord` or `.tfrecord.gz`
    * a folder of PNG and JPEG images, or of files of one of these kinds
    * a pattern such as `data/*.parquet`

    Args:
        name: a name as above, or a path.

    Returns:
        The source; the files of a folder or a pattern follow each other in the order of their names.

    Raises:
        InvalidInput: for a name that no kind of source has.
        UnreadableFile: for a file that does not exist, and a folder without anything to read.

    Example:
        >>> source("sklearn:breast_cancer").shape
        (30,)
        >>> source("data.xlsx")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tfvae.InvalidInput: source: expected tfds:NAME[/SPLIT], ..., received data.xlsx
    """
    text = os.fspath(name)
    for prefix, kind in _PREFIXES.items():
        if text.startswith(prefix):
            return kind(text.removeprefix(prefix))
    path = pathlib.Path(text).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.exists():
        return _file(path)
    if _GLOB & set(text):
        matches = sorted(pathlib.Path(match) for match in glob.glob(str(path)))
        if not matches:
            raise UnreadableFile(text, "files that match the pattern", "there are none")
        return _joined(text, matches)
    _kind(path)  # a wrong ending is the more useful message
    raise UnreadableFile(path, "a file", "there is none")


def _file(path: pathlib.Path) -> Source:
    return _kind(path)(path)


def _kind(path: pathlib.Path) -> Callable[[pathlib.Path], Source]:
    ending = _ending(path)
    if ending is None:
        raise InvalidInput("source", _NAMES, path)
    return _ENDINGS[ending]


def _ending(path: pathlib.Path) -> str | None:
    return next((ending for ending in _ENDINGS if path.name.lower().endswith(ending)), None)


def _folder(folder: pathlib.Path) -> Source:
    entries = visible_entries(folder)
    readable = [entry for entry in entries if entry.is_file() and _ending(entry)]
    if image_files(folder) or any(entry.is_dir() and image_files(entry) for entry in entries):
        if readable:
            raise UnreadableFile(
                folder, "either images or data files", f"it holds images and {readable[0].name}"
            )
        return ImageFolder(folder)
    if not readable:
        reason = (
            "it holds none (the folder is empty)"
            if not entries
            else f"it holds {entries[0].name} and the like"
        )
        raise UnreadableFile(folder, f"images, or files ending in {', '.join(_ENDINGS)}", reason)
    if IdxFiles in {_kind(entry) for entry in readable}:
        return IdxFiles(folder)
    return _joined(str(folder), readable)


def _joined(name: str, paths: Sequence[pathlib.Path]) -> Source:
    kinds = {_kind(path): path for path in paths}
    if len(kinds) > 1:
        examples = ", ".join(sorted(path.name for path in kinds.values()))
        raise UnreadableFile(name, "files of one kind", f"there are {examples}")
    return _file(paths[0]) if len(paths) == 1 else Shards(name, [_file(path) for path in paths])
