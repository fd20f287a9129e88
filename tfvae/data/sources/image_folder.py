"""A folder of pictures; sub-folders, if there are any, are the labels."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.base import RandomAccess, RawChunk
from tfvae.data.sources.layout import Layout
from tfvae.data.sources.reading import DAMAGE, reading

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg")

_PICTURE = "a PNG or JPEG picture, grayscale or RGB, 8 bits a channel"
# Pillow's modes to ours; a palette is only another way to store colors.
_MODES = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}


@final
class ImageFolder(RandomAccess):
    """PNG and JPEG files of one size, in the order of their names; other files are passed over.

    With sub-folders the n-th of them, in the order of their names, holds the pictures with label n.

    Args:
        folder: the folder.

    Raises:
        UnreadableFile: no pictures, or pictures both beside and inside sub-folders.

    Example:
        >>> import tempfile, pathlib
        >>> from PIL import Image
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("cat", "dog"):
        ...     (folder / name).mkdir()
        ...     Image.new("RGB", (6, 4)).save(folder / name / "0.png")
        >>> source = ImageFolder(folder)
        >>> source.shape, source.size, source.label_names
        ((4, 6, 3), 2, ['cat', 'dog'])
    """

    def __init__(self, folder: pathlib.Path):
        super().__init__(str(folder))
        beside = pictures(folder)
        inside = {entry.name: pictures(entry) for entry in visible(folder) if entry.is_dir()}
        inside = {name: paths for name, paths in inside.items() if paths}
        if beside and inside:
            reason = f"{beside[0].name} lies beside the sub-folder {min(inside)}"
            raise UnreadableFile(
                folder, "pictures either all in the folder or all in its sub-folders", reason
            )
        self.label_names = list(inside)
        self.paths = beside or [path for paths in inside.values() for path in paths]
        if not self.paths:
            raise UnreadableFile(
                folder, "PNG or JPEG pictures, or one sub-folder of them for each label", "it has none"
            )
        self._labels = np.repeat(np.arange(len(inside)), [len(paths) for paths in inside.values()])

    def _layout(self) -> Layout:
        first = _pixels(self.paths[0])
        label = np.dtype(np.int64) if self.label_names else None
        return Layout(first.shape, first.dtype, len(self.paths), label)

    def _read(self, start: int, stop: int) -> RawChunk:
        x = np.empty((stop - start, *self.layout.row_shape), np.uint8)
        for row, path in enumerate(self.paths[start:stop]):
            picture = _pixels(path)
            if picture.shape != x.shape[1:]:
                expected = f"{_described(x.shape[1:])} like {self.paths[0]}"
                raise UnreadableFile(path, expected, f"it is {_described(picture.shape)}")
            x[row] = picture
        return x, self._labels[start:stop] if self.label_names else None


def visible(folder: pathlib.Path) -> list[pathlib.Path]:
    """Entries of a folder in the order of their names, without hidden ones.

    Example:
        >>> import tempfile
        >>> visible(pathlib.Path(tempfile.mkdtemp()))
        []
    """
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def pictures(folder: pathlib.Path) -> list[pathlib.Path]:
    """The PNG and JPEG files directly in a folder, in the order of their names.

    Example:
        >>> import tempfile
        >>> pictures(pathlib.Path(tempfile.mkdtemp()))
        []
    """
    return [path for path in visible(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]


def _pixels(path: pathlib.Path) -> np.ndarray:
    from PIL import Image

    with reading(path, _PICTURE, (*DAMAGE, SyntaxError)), Image.open(path) as picture:
        return np.asarray(_as_supported(picture, path)).reshape(picture.height, picture.width, -1)


def _as_supported(picture: Image.Image, path: pathlib.Path) -> Image.Image:
    if picture.mode not in _MODES or "transparency" in picture.info:
        reason = (
            f"it is of Pillow's mode {picture.mode}{' with transparency' * ('transparency' in picture.info)}"
        )
        raise UnreadableFile(path, _PICTURE, reason)
    return picture.convert(_MODES[picture.mode])


def _described(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels (width x height) in {'color' if shape[2] == 3 else 'gray'}"
