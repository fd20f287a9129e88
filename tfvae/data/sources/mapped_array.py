"""An array inside a file, mapped into memory one slice at a time."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.read_errors import reading

if TYPE_CHECKING:
    from tfvae.core.types import Shape


@final
class MappedArray:
    """An array inside a file, of which only the rows asked for are mapped into memory.

    One lasting map of the whole file would count every page ever read as memory of this process. A map for
    each slice keeps memory flat, and notices a file that was cut off in between.

    Args:
        path: the file.
        offset: position of the array's first byte.
        shape: of the array.
        dtype: stored type, with its byte order.
        fortran_order: whether the first index varies fastest.

    Raises:
        UnreadableFile: for a file that is shorter or longer than the array.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "raw")
        >>> _ = path.write_bytes(bytes(range(8)))
        >>> MappedArray(path, 2, (3, 2), np.dtype("uint8"))[1:3].tolist()
        [[4, 5], [6, 7]]
    """

    def __init__(
        self, path: pathlib.Path, offset: int, shape: Shape, dtype: np.dtype, fortran_order: bool = False
    ):
        self.path, self.offset, self.shape, self.dtype = path, offset, shape, dtype
        self._fortran_order = fortran_order
        self._row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        expected = offset + self._row_bytes * shape[0]
        if path.stat().st_size != expected:
            reason = f"it has {path.stat().st_size} bytes (cut off, or not what its first bytes say)"
            raise UnreadableFile(path, f"{expected} bytes for an array of shape {shape}", reason)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return the rows of a slice, backed by the file as long as they are referenced."""
        start, stop, _ = rows.indices(self.shape[0])
        with reading(self.path, f"rows {start} to {stop}"):
            if self._fortran_order:
                whole = np.memmap(self.path, self.dtype, "r", self.offset, self.shape, order="F")
                return np.array(whole[start:stop], order="C")
            offset = self.offset + start * self._row_bytes
            return np.memmap(self.path, self.dtype, "r", offset, (stop - start, *self.shape[1:]))
