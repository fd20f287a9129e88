"""Arrays as sources: in memory, or mapped from a file one window at a time."""

from __future__ import annotations

import abc
import functools
import pathlib
from collections.abc import Iterator
from typing import final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import RandomAccess, RawChunk
from tfvae.data.sources.layout import Layout, label_column
from tfvae.data.sources.reading import reading
from tfvae.data.split import Keep


@final
class MappedArray:
    """A row-by-row array inside a file, of which only the rows asked for are mapped into memory.

    One lasting map of a whole file would count every page ever read as memory of this process; a map
    for each window keeps that flat, and notices a file that was cut off in between.

    Args:
        path: the file.
        offset: where the array's first byte lies.
        shape: shape of the array.
        dtype: stored type, with its byte order.
        columns_first: stored in Fortran order (first index fastest).

    Raises:
        UnreadableFile: the file is shorter than the array, or longer.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "raw")
        >>> _ = path.write_bytes(bytes(range(8)))
        >>> MappedArray(path, 2, (3, 2), np.dtype("uint8"))[1:3].tolist()
        [[4, 5], [6, 7]]
    """

    def __init__(
        self,
        path: pathlib.Path,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype,
        columns_first: bool = False,
    ):
        self.path, self.offset, self.shape, self.dtype = path, offset, shape, dtype
        self._order = "F" if columns_first else "C"
        self._row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        expected = offset + self._row_bytes * shape[0]
        if path.stat().st_size != expected:
            reason = f"it has {path.stat().st_size} bytes (cut off, or not what its first bytes say)"
            raise UnreadableFile(path, f"{expected} bytes for an array of shape {shape}", reason)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """The rows start to stop, backed by the file for as long as they are held."""
        start, stop, _ = rows.indices(self.shape[0])
        with reading(self.path, f"rows {start} to {stop}"):
            if self._order == "F":
                whole = np.memmap(self.path, self.dtype, "r", self.offset, self.shape, order="F")
                return np.array(whole[start:stop], order="C")
            offset = self.offset + start * self._row_bytes
            return np.memmap(self.path, self.dtype, "r", offset, (stop - start, *self.shape[1:]))


class ArraySource(RandomAccess):
    """A source that is one array, and perhaps one of labels.

    A new kind implements `_open`. Arrays in memory are shuffled as a whole; mapped ones in windows.

    Example:
        >>> import tfvae
        >>> isinstance(tfvae.data.source("sklearn:iris"), ArraySource)
        True
    """

    @abc.abstractmethod
    def _open(self) -> tuple[np.ndarray | MappedArray, np.ndarray | None]:
        """The examples and the labels, if any; called once."""

    @functools.cached_property
    def _arrays(self) -> tuple[np.ndarray | MappedArray, np.ndarray | None]:
        x, label = self._open()
        return x, None if label is None else label_column(label, x.shape[0], self.name)

    def _layout(self) -> Layout:
        x, label = self._arrays
        return Layout(x.shape[1:], x.dtype, x.shape[0], None if label is None else label.dtype)

    def _read(self, start: int, stop: int) -> RawChunk:
        x, label = self._arrays
        return x[start:stop], None if label is None else label[start:stop]

    def shuffled(
        self, keep: Keep, generator: np.random.Generator, batch: int, capacity: int
    ) -> Iterator[Chunk]:
        """Read everything once, in random order; without a pool where the array is in memory anyway."""
        if isinstance(self._arrays[0], MappedArray):
            return super().shuffled(keep, generator, batch, capacity)
        return self._gathered(generator.permutation(np.flatnonzero(keep(0, self.size))), batch)

    def _gathered(self, order: np.ndarray, batch: int) -> Iterator[Chunk]:
        x, label = self._arrays
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            yield self._convert(x.take(rows, axis=0), None if label is None else label.take(rows))


@final
class Arrays(ArraySource):
    """Arrays that are already in memory.

    Args:
        x: examples [N, columns], [N, H, W] or [N, H, W, C]; images of bytes are scaled to [0, 1].
        label: one number a row, or None.

    Raises:
        InvalidInput: not numbers, no rows, or another number of labels than rows.

    Example:
        >>> source = Arrays(np.full((3, 4, 4), 255, np.uint8), label=[0, 1, 0])
        >>> source.shape, source.size, source.is_image, source.label_dtype
        ((4, 4, 1), 3, True, dtype('int64'))
        >>> float(next(source.chunks())["x"].max())
        1.0
    """

    def __init__(self, x: np.ndarray, label: np.ndarray | None = None):
        super().__init__("array")
        self._given = np.atleast_1d(np.asarray(x)), None if label is None else np.asarray(label)
        self.layout  # noqa: B018  (nothing to postpone: bad arrays are refused here)

    def _open(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self._given
