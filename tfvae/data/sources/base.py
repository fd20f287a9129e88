"""The abstract source of examples: its shape, its size, and its rows in chunks."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.shuffle import Chunk, ShufflePool, rebatch
from tfvae.data.sources.row_layout import RowLayout
from tfvae.data.split import Keep

if TYPE_CHECKING:
    from tfvae.core.types import Shape

StoredChunk = tuple[np.ndarray, np.ndarray | None]

CHUNK_ROWS = 8192
_CHUNK_BYTES = 32 * 2**20


class Source(abc.ABC):
    """A data set that can be read repeatedly, in chunks, without holding all of it in memory; abstract.

    Nothing is read until a property or `chunks` needs it; the layout is then remembered.

    A new kind of source implements `_read_layout`, how rows are stored, and `_stored_chunks`, the stored rows
    in file order. The conversion to float32 examples is done here for all kinds.

    Args:
        name: of the source in messages, usually its path.

    Example:
        >>> import tfvae
        >>> source = tfvae.data.source("sklearn:digits")
        >>> source.shape, source.size, source.is_image
        ((8, 8, 1), 1797, True)
        >>> [len(chunk["x"]) for chunk in source.chunks(rows=1000)]
        [1000, 797]
    """

    def __init__(self, name: str):
        self.name = name

    @abc.abstractmethod
    def _read_layout(self) -> RowLayout:
        """Return how the rows are stored, reading as little as the format allows."""

    @abc.abstractmethod
    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        """Yield stored examples and labels (or None) in file order, at most `rows` at a time."""

    @functools.cached_property
    def layout(self) -> RowLayout:
        """How the rows are stored."""
        return self._read_layout().check(self.name)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of a table's columns besides the label; None if they have no names."""
        return None

    @property
    def shape(self) -> Shape:
        """Shape of one example."""
        return self.layout.shape

    @property
    def size(self) -> int | None:
        """Number of examples; None if only reading all of them would tell, as `count` does."""
        return self.layout.size

    @property
    def is_image(self) -> bool:
        """True for images [H, W, C], False for rows of a table."""
        return self.layout.is_image

    @property
    def label_dtype(self) -> np.dtype | None:
        """int64 or float32; None if there are no labels."""
        return self.layout.label_dtype

    def count(self) -> int:
        """Return the number of examples; a stream of unknown length is read once, and then has a size."""
        if self.size is not None:
            return self.size
        size = sum(len(x) for x, _ in self.stored_chunks(self.chunk_rows()))
        self.layout = dataclasses.replace(self.layout, size=size)
        return size

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read all rows once, in file order.

        Args:
            rows: largest number of rows of a chunk.

        Returns:
            An iterator over dicts of NumPy arrays that belong to the caller: `x`, float32 [n, *shape], and
            `label`, int64 or float32 [n], if there are labels.

        Raises:
            InvalidInput: for `rows` below one, and for a source that does not hold numbers.
            UnreadableFile: for a file that is missing, damaged or cut off, or whose rows change their shape.
        """
        if rows < 1:
            raise InvalidInput("rows", "at least one row a chunk", rows)
        return (self._convert(x, label) for x, label in self.stored_chunks(rows))

    def stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        """Read all rows once, in file order, without any conversion.

        Args:
            rows: largest number of rows of a chunk.

        Returns:
            An iterator over stored examples and labels (or None).

        Raises:
            UnreadableFile: as for `chunks`.
        """
        done = 0
        for x, label in self._stored_chunks(rows):
            if x.shape[1:] != self.layout.row_shape:
                reason = f"row {done} has shape {x.shape[1:]}"
                raise UnreadableFile(self.name, f"rows of shape {self.layout.row_shape}", reason)
            done += len(x)
            yield x, label
        if done == 0:
            raise UnreadableFile(self.name, "at least one row", "it holds none")
        if self.size not in (None, done):
            raise UnreadableFile(self.name, f"{self.size} rows", f"{done} could be read")

    def in_order(self, keep: Keep, batch: int) -> Iterator[Chunk]:
        """Read all rows once, in file order.

        Args:
            keep: `keep(first_row, count)` returns the bool mask of the rows to use.
            batch: rows of a batch; only the last one may be smaller.

        Returns:
            An iterator over batches, dicts as in `chunks`.
        """
        return rebatch(_select(self._numbered_chunks(self.chunk_rows()), keep), batch)

    def shuffled(
        self, keep: Keep, generator: np.random.Generator, batch: int, capacity: int
    ) -> Iterator[Chunk]:
        """Read all rows once, in random order.

        Args:
            keep: `keep(first_row, count)` returns the bool mask of the rows to use.
            generator: source of randomness; the order is a function of its state alone.
            batch: rows of a batch; only the last one may be smaller.
            capacity: largest number of rows held in memory for shuffling.

        Returns:
            An iterator over batches, dicts as in `chunks`.
        """
        chunks = _select(self.shuffled_chunks(capacity, generator), keep)
        return ShufflePool(capacity, batch, generator).batches(chunks)

    def shuffled_chunks(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read all rows once, in chunks whose order is as random as this kind of source allows.

        A stream can only be read in file order.

        Args:
            capacity: largest number of rows that the caller holds in memory.
            generator: source of randomness.

        Returns:
            An iterator over the index of a chunk's first row, and the chunk.
        """
        return self._numbered_chunks(min(self.chunk_rows(), capacity))

    def chunk_rows(self) -> int:
        """Return the number of rows that fit in a chunk of 32 MiB, at most 8192."""
        return max(1, min(CHUNK_ROWS, _CHUNK_BYTES // (4 * int(np.prod(self.shape)))))

    def _numbered_chunks(self, rows: int) -> Iterator[tuple[int, Chunk]]:
        first = 0
        for chunk in self.chunks(rows):
            yield first, chunk
            first += len(chunk["x"])

    def _convert(self, x: np.ndarray, label: np.ndarray | None) -> Chunk:
        chunk = {"x": self.layout.convert(x)}
        if label is not None:
            chunk["label"] = label.astype(self.label_dtype)
        return chunk


def _select(numbered: Iterator[tuple[int, Chunk]], keep: Keep) -> Iterator[Chunk]:
    for first, chunk in numbered:
        mask = keep(first, len(chunk["x"]))
        if mask.all():
            yield chunk
        elif mask.any():
            yield {key: value[mask] for key, value in chunk.items()}
