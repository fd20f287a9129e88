"""IDX files, the format of MNIST: images and labels in separate files, plain or gzipped."""

from __future__ import annotations

import pathlib
import struct
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.arrays import ArraySource
from tfvae.data.sources.mapped_array import MappedArray
from tfvae.data.sources.read_errors import read_gzip, reading

if TYPE_CHECKING:
    from tfvae.core.types import Shape

_IDX = "an IDX file"
_PARTS = {"train": "train", "test": "t10k"}
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_IMAGE_ENDINGS = ("-images-idx3-ubyte", "-images.idx3-ubyte")


@final
class IdxFiles(ArraySource):
    """Files as of MNIST; a plain file is mapped into memory, a gzipped one is uncompressed into memory.

    Labels are read if their file is beside that of the images.

    Args:
        location: a folder (its training part), a folder followed by `/train` or `/test`, or one file.

    Raises:
        InvalidInput: for a folder or file that does not exist.

    Example:
        >>> import tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> content = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 4, 4) + bytes(32)
        >>> _ = (folder / "train-images-idx3-ubyte").write_bytes(content)
        >>> IdxFiles(folder).shape
        (4, 4, 1)
    """

    def __init__(self, location: pathlib.Path):
        super().__init__(str(location))
        if location.is_file():
            self.path = location
        elif location.is_dir():
            self.path = _images(location, "train")
        elif location.parent.is_dir() and location.name in _PARTS:
            self.path = _images(location.parent, location.name)
        else:
            raise InvalidInput(
                "source", "idx:FOLDER, idx:FOLDER/train, idx:FOLDER/test or idx:FILE", f"idx:{location}"
            )

    def _open(self) -> tuple[np.ndarray | MappedArray, np.ndarray | None]:
        label_path = _labels_beside(self.path)
        return _array(self.path), None if label_path is None else np.array(_array(label_path)[:])


def _images(folder: pathlib.Path, part: str) -> pathlib.Path:
    names = [_PARTS[part] + ending + gzip for ending in _IMAGE_ENDINGS for gzip in ("", ".gz")]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise InvalidInput("source", f"one of {', '.join(names)} in {folder}", "a folder without it")
    return found[0]


def _labels_beside(images: pathlib.Path) -> pathlib.Path | None:
    stem = images.name.removesuffix(".gz").replace("-images", "-labels").replace("idx3", "idx1")
    candidates = [images.with_name(stem), images.with_name(stem + ".gz")]
    return next((path for path in candidates if path != images and path.is_file()), None)


def _array(path: pathlib.Path) -> np.ndarray | MappedArray:
    with reading(path, _IDX):
        if path.suffix == ".gz":
            content = read_gzip(path, _IDX + " in gzip")
            shape, dtype, offset = _header(content[:256], path)
            expected = offset + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
            if len(content) != expected:
                reason = f"it uncompresses to {len(content)} bytes"
                raise UnreadableFile(path, f"{expected} bytes for an array of shape {shape}", reason)
            return np.frombuffer(content, dtype, offset=offset).reshape(shape)
        with path.open("rb") as stream:
            shape, dtype, offset = _header(stream.read(256), path)
        return MappedArray(path, offset, shape, dtype)


def _header(start: bytes, path: pathlib.Path) -> tuple[Shape, np.dtype, int]:
    """Return shape, type and offset of the values: two zero bytes, type, rank, lengths (big-endian)."""
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not start[3]:
        raise UnreadableFile(path, _IDX, f"it starts with the bytes {start[:4].hex(' ') or '(none)'}")
    offset = 4 + 4 * start[3]
    if len(start) < offset:
        raise UnreadableFile(path, _IDX, "it ends within its header")
    shape = struct.unpack(f">{start[3]}I", start[4:offset])
    if 0 in shape:
        raise UnreadableFile(path, "at least one row and one column", f"its shape is {shape}")
    return shape, np.dtype(_TYPES[start[2]]), offset
