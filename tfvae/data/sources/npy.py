"""NumPy files: `.npy` mapped into memory, `.npz` read as a stream."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.arrays import ArraySource
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.mapped_array import MappedArray
from tfvae.data.sources.read_errors import READ_ERRORS, reading, reading_chunks
from tfvae.data.sources.row_layout import LABEL_NAMES, RowLayout, label_vector

if TYPE_CHECKING:
    from tfvae.core.types import Shape

_NPY = "a NumPy array (.npy)"
_NPZ = "NumPy arrays (.npz)"
_ZIP_ERRORS = (*READ_ERRORS, zipfile.BadZipFile, RuntimeError)  # the last for unsupported features
_EXAMPLE_NAMES = ("x", "X")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@final
class NpyFile(ArraySource):
    """A `.npy` file, mapped into memory one slice at a time.

    Args:
        path: the file.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.npy")
        >>> np.save(path, np.arange(6.0).reshape(3, 2))
        >>> NpyFile(path).size
        3
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(str(path))
        self.path = path

    def _open(self) -> tuple[MappedArray, None]:
        with reading(self.path, _NPY), self.path.open("rb") as stream:
            shape, fortran_order, dtype = _header(stream, self.path)
            if 0 in shape:
                raise UnreadableFile(self.path, "at least one row and one column", f"its shape is {shape}")
            return MappedArray(self.path, stream.tell(), shape, dtype, fortran_order), None


@final
class NpzFile(Source):
    """A `.npz` file: the array `x` or `X`, or the only array besides the labels.

    The labels are the array `label`, `labels`, `y` or `class`, if there is one.

    A zip archive cannot be mapped into memory. The array is uncompressed as a stream, again in each pass, and
    never held as a whole, except one stored in Fortran order.

    Args:
        path: the file.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.npz")
        >>> np.savez(path, x=np.zeros((3, 2)), y=np.arange(3))
        >>> source = NpzFile(path)
        >>> source.shape, source.label_dtype
        ((2,), dtype('int64'))
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(str(path))
        self.path = path
        self._label: np.ndarray | None = None

    def _read_layout(self) -> RowLayout:
        with reading(self.path, _NPZ, _ZIP_ERRORS), zipfile.ZipFile(self.path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            self._member = _example_member(names, self.path)
            with archive.open(self._member + ".npy") as stream:
                shape, self._fortran_order, dtype = _header(stream, self.path)
            label_name = next((name for name in LABEL_NAMES if name in names and name != self._member), None)
            if label_name is not None:
                with archive.open(label_name + ".npy") as stream:
                    label = np.lib.format.read_array(stream, allow_pickle=False)
                self._label = label_vector(label, shape[0], self.name)
        return RowLayout(shape[1:], dtype, shape[0], None if self._label is None else self._label.dtype)

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        first = 0
        _ = self.layout  # sets the member and the labels
        for x in reading_chunks(self._uncompressed(rows), self.path, _NPZ, _ZIP_ERRORS):
            yield x, None if self._label is None else self._label[first : first + len(x)]
            first += len(x)

    def _uncompressed(self, rows: int) -> Iterator[np.ndarray]:
        with zipfile.ZipFile(self.path) as archive, archive.open(self._member + ".npy") as stream:
            shape, _, dtype = _header(stream, self.path)
            row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
            if self._fortran_order:
                content = _exactly(stream, row_bytes * shape[0])
                whole = np.frombuffer(content, dtype).reshape(shape, order="F")
                yield from (whole[start : start + rows] for start in range(0, shape[0], rows))
            else:
                for start in range(0, shape[0], rows):
                    count = min(rows, shape[0] - start)
                    yield np.frombuffer(_exactly(stream, count * row_bytes), dtype).reshape(count, *shape[1:])
            # Only at the end of the member is its checksum compared.
            if stream.read(1):
                raise UnreadableFile(
                    self.path, f"array {self._member} of shape {shape}", "there are bytes after it"
                )


def _header(stream: IO[bytes], path: pathlib.Path) -> tuple[Shape, bool, np.dtype]:
    """Return shape, Fortran order and type; the stream is then at the first value."""
    with reading(path, _NPY):
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:  # 3.0 only adds names of fields, which are not supported
            raise UnreadableFile(
                path, "format 1.0 or 2.0 of NumPy arrays", f"it is {version[0]}.{version[1]}"
            )
        shape, fortran_order, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise InvalidInput(str(path), "real numbers", "Python objects (pickled), which are never loaded")
    if not shape:
        raise InvalidInput(str(path), "rows", "a single number")
    return shape, fortran_order, dtype


def _example_member(names: list[str], path: pathlib.Path) -> str:
    named = [name for name in _EXAMPLE_NAMES if name in names]
    others = [name for name in names if name not in LABEL_NAMES]
    if named or len(others) == 1:
        return (named or others)[0]
    reason = f"it holds {', '.join(sorted(names)) or 'no array'}; save the one to use as x"
    raise UnreadableFile(path, "an array x or X, or only one besides the labels", reason)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) != count:
        raise EOFError(f"{count} bytes wanted, {len(content)} left")
    return content
