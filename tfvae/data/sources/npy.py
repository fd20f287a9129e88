"""NumPy files: `.npy` mapped into memory, a member of `.npz` read as a stream."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Iterator
from typing import IO, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.arrays import ArraySource, MappedArray
from tfvae.data.sources.base import RawChunk, Source
from tfvae.data.sources.layout import LABEL_NAMES, Layout, label_column
from tfvae.data.sources.reading import DAMAGE, counted, reading

_NPY = "a NumPy array (.npy)"
_NPZ = "NumPy arrays (.npz)"
_ZIP_DAMAGE = (*DAMAGE, zipfile.BadZipFile, RuntimeError)  # the last for what zipfile does not support
_EXAMPLE_NAMES = ("x", "X")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@final
class NpyFile(ArraySource):
    """A `.npy` file, mapped into memory one window at a time.

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
            shape, columns_first, dtype = _header(stream, self.path)
            if 0 in shape:
                raise UnreadableFile(self.path, "at least one row and one column", f"its shape is {shape}")
            return MappedArray(self.path, stream.tell(), shape, dtype, columns_first), None


@final
class NpzFile(Source):
    """A `.npz` file: the array `x` or `X`, or the only one besides the labels.

    The labels are `label`, `labels`, `y` or `class`, if there is one of them.

    A zip archive cannot be mapped into memory: the array is unpacked as a stream, in every pass anew, and so
    never held whole. (One stored in Fortran order has to be.)

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

    def _layout(self) -> Layout:
        with reading(self.path, _NPZ, _ZIP_DAMAGE), zipfile.ZipFile(self.path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            self._member = _example_member(names, self.path)
            with archive.open(self._member + ".npy") as stream:
                shape, self._columns_first, dtype = _header(stream, self.path)
            label_name = next((name for name in LABEL_NAMES if name in names and name != self._member), None)
            if label_name is not None:
                with archive.open(label_name + ".npy") as stream:
                    label = np.lib.format.read_array(stream, allow_pickle=False)
                self._label = label_column(label, shape[0], self.name)
        return Layout(shape[1:], dtype, shape[0], None if self._label is None else self._label.dtype)

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        first = 0
        _ = self.layout  # which member, and the labels
        for x in counted(self._unpacked(rows), self.path, _NPZ, _ZIP_DAMAGE):
            yield x, None if self._label is None else self._label[first : first + len(x)]
            first += len(x)

    def _unpacked(self, rows: int) -> Iterator[np.ndarray]:
        with zipfile.ZipFile(self.path) as archive, archive.open(self._member + ".npy") as stream:
            shape, _, dtype = _header(stream, self.path)
            row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
            if self._columns_first:
                content = _exactly(stream, row_bytes * shape[0])
                whole = np.frombuffer(content, dtype).reshape(shape, order="F")
                yield from (whole[start : start + rows] for start in range(0, shape[0], rows))
            else:
                for start in range(0, shape[0], rows):
                    count = min(rows, shape[0] - start)
                    yield np.frombuffer(_exactly(stream, count * row_bytes), dtype).reshape(count, *shape[1:])
            # The checksum is compared at the end of the member, and only there.
            if stream.read(1):
                raise UnreadableFile(
                    self.path, f"array {self._member} of shape {shape}", "there are bytes after it"
                )


def _header(stream: IO[bytes], path: pathlib.Path) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and type; leaves the stream at the first value."""
    with reading(path, _NPY):
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:  # 3.0 differs only for named fields, which are no examples
            raise UnreadableFile(
                path, "format 1.0 or 2.0 of NumPy arrays", f"it is {version[0]}.{version[1]}"
            )
        shape, columns_first, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise InvalidInput(str(path), "real numbers", "Python objects (pickled), which are never loaded")
    if not shape:
        raise InvalidInput(str(path), "rows", "a single number")
    return shape, columns_first, dtype


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
