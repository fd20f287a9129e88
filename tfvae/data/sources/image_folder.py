"""A folder of images; its subfolders, if it has any, are the labels."""

from __future__ import annotations

import pathlib
import warnings
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.base import StoredChunk
from tfvae.data.sources.random_access import RandomAccessSource
from tfvae.data.sources.read_errors import READ_ERRORS, reading
from tfvae.data.sources.row_layout import RowLayout

if TYPE_CHECKING:
    from PIL import Image

    from tfvae.core.types import Shape

SUFFIXES = (".png", ".jpg", ".jpeg")

_IMAGE = "a PNG or JPEG image, grayscale or RGB, 8 bits a channel"
# Pillow's modes, and what they are converted to; a palette is another way to store colors.
_MODES = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}


@final
class ImageFolder(RandomAccessSource):
    """PNG and JPEG files of one size, in the order of their names; other files are ignored.

    With subfolders, the n-th in the order of their names contains the images with label n.

    Args:
        folder: the folder.

    Attributes:
        label_names: names of the subfolders.
        paths: the image files, in order.

    Raises:
        UnreadableFile: for no images, and for images both in the folder and in its subfolders.

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
        in_folder = image_files(folder)
        in_subfolders = {
            entry.name: image_files(entry) for entry in visible_entries(folder) if entry.is_dir()
        }
        in_subfolders = {name: paths for name, paths in in_subfolders.items() if paths}
        if in_folder and in_subfolders:
            reason = f"{in_folder[0].name} is beside the subfolder {min(in_subfolders)}"
            raise UnreadableFile(folder, "images either all in the folder or all in its subfolders", reason)
        self.label_names = list(in_subfolders)
        self.paths = in_folder or [path for paths in in_subfolders.values() for path in paths]
        if not self.paths:
            raise UnreadableFile(
                folder, "PNG or JPEG images, or a subfolder of them for each label", "it has none"
            )
        self._labels = np.repeat(
            np.arange(len(in_subfolders)), [len(paths) for paths in in_subfolders.values()]
        )

    def _read_layout(self) -> RowLayout:
        first = _pixels(self.paths[0])
        label = np.dtype(np.int64) if self.label_names else None
        return RowLayout(first.shape, first.dtype, len(self.paths), label)

    def _read(self, start: int, stop: int) -> StoredChunk:
        x = np.empty((stop - start, *self.layout.row_shape), np.uint8)
        for row, path in enumerate(self.paths[start:stop]):
            pixels = _pixels(path)
            if pixels.shape != x.shape[1:]:
                expected = f"{_described(x.shape[1:])} like {self.paths[0]}"
                raise UnreadableFile(path, expected, f"it is {_described(pixels.shape)}")
            x[row] = pixels
        return x, self._labels[start:stop] if self.label_names else None


def visible_entries(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the entries of a folder that are not hidden, in the order of their names.

    Args:
        folder: the folder.

    Example:
        >>> import tempfile
        >>> visible_entries(pathlib.Path(tempfile.mkdtemp()))
        []
    """
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def image_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the PNG and JPEG files directly in a folder, in the order of their names.

    Args:
        folder: the folder.

    Example:
        >>> import tempfile
        >>> image_files(pathlib.Path(tempfile.mkdtemp()))
        []
    """
    return [path for path in visible_entries(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]


def _pixels(path: pathlib.Path) -> np.ndarray:
    from PIL import Image

    errors = (*READ_ERRORS, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
    with reading(path, _IMAGE, errors), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            return np.asarray(_converted(image, path)).reshape(image.height, image.width, -1)


def _converted(image: Image.Image, path: pathlib.Path) -> Image.Image:
    transparent = "transparency" in image.info
    if image.mode not in _MODES or transparent:
        reason = f"it is of Pillow's mode {image.mode}{' with transparency' * transparent}"
        raise UnreadableFile(path, _IMAGE, reason)
    return image.convert(_MODES[image.mode])


def _described(shape: Shape) -> str:
    return f"{shape[1]} x {shape[0]} pixels (width x height) in {'color' if shape[2] == 3 else 'gray'}"
