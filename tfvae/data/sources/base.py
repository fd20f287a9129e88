"""What every source of examples can do: say its shape and size, and read its rows in chunks."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.shuffle import Pool, rebatched
from tfvae.data.sources.layout import Layout, canonical_label_dtype
from tfvae.data.split import Keep

Chunk = dict[str, np.ndarray]
RawChunk = tuple[np.ndarray, np.ndarray | None]

CHUNK_ROWS = 8192
_CHUNK_BYTES = 32 * 2**20
_BLOCKS_PER_POOL = 64  # short enough that a pool mixes rows from all over the file
_LEAST_BLOCK_ROWS = 16  # long enough that opening a block costs little against reading it


class Source(abc.ABC):
    """A data set that can be read again and again, in chunks, without holding all of it in memory.

    Nothing is read until a property or `chunks` asks for it, and what is learned about the layout is kept.

    A new kind of source implements `_layout`, how rows are stored, and `_raw_chunks`, the stored rows in
    file order; the conversion to float32 examples happens here, once for all kinds.

    Args:
        name: what messages call this source, usually its path.

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
    def _layout(self) -> Layout:
        """How the rows are stored; as cheap as the format allows."""

    @abc.abstractmethod
    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        """Stored examples and labels (or None) in file order, at most `rows` at a time."""

    @functools.cached_property
    def layout(self) -> Layout:
        """How the rows are stored."""
        return self._layout().check(self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.layout.shape

    @property
    def size(self) -> int | None:
        """Number of examples, or None where only a full reading would tell; `count` does that."""
        return self.layout.size

    @property
    def is_image(self) -> bool:
        """True for images `[H, W, C]`, False for numeric tables."""
        return self.layout.is_image

    @property
    def label_dtype(self) -> np.dtype | None:
        """int64 or float32, or None where the rows have no labels."""
        return canonical_label_dtype(self.layout.label_dtype)

    def count(self) -> int:
        """Return the number of examples; a stream is read once for it, and has a size from then on."""
        if self.size is None:
            size = sum(len(x) for x, _ in self.stored(self.window()))
            self.layout = dataclasses.replace(self.layout, size=size)
        return self.size

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read everything once, in file order.

        Args:
            rows: the most rows that one chunk may hold.

        Returns:
            An iterator over dicts of NumPy arrays that belong to the caller: `x`, float32 [n, *shape], and
            `label`, int64 or float32 [n], where there are labels.

        Raises:
            InvalidInput: `rows` is below one, or the source does not hold numbers.
            UnreadableFile: a file is missing, damaged, cut off, or changed its shape half way.
        """
        if rows < 1:
            raise InvalidInput("rows", "at least one row a chunk", rows)
        return (self._convert(x, label) for x, label in self.stored(rows))

    def stored(self, rows: int) -> Iterator[RawChunk]:
        """Stored examples and labels (or None) in file order, as `chunks` before any conversion."""
        done = 0
        for x, label in self._raw_chunks(rows):
            if x.shape[1:] != self.layout.row_shape:
                reason = f"row {done} has shape {x.shape[1:]}"
                raise UnreadableFile(self.name, f"rows of shape {self.layout.row_shape}", reason)
            done += len(x)
            yield x, label
        if done == 0:
            raise UnreadableFile(self.name, "at least one row", "it holds none")
        if self.size not in (None, done):
            raise UnreadableFile(self.name, f"{self.size} rows", f"{done} could be read")

    def shuffled(
        self, keep: Keep, generator: np.random.Generator, batch: int, capacity: int
    ) -> Iterator[Chunk]:
        """Read everything once, in random order.

        Args:
            keep: `keep(first_row, count)` gives the bool mask of the rows to read.
            generator: source of randomness; the order is a function of its state alone.
            batch: rows a batch; only the last one may be smaller.
            capacity: the most rows held in memory while mixing.

        Returns:
            An iterator over batches as in `chunks`.
        """
        chunks = _kept(self.mixed(capacity, generator), keep)
        return Pool(capacity, batch, generator).batches(chunks)

    def in_order(self, keep: Keep, batch: int) -> Iterator[Chunk]:
        """Read everything once, in file order, in batches as in `shuffled`."""
        return rebatched(_kept(self._in_file_order(self.window()), keep), batch)

    def window(self) -> int:
        """Rows that fit the memory one chunk may take (32 MiB), at most 8192."""
        return max(1, min(CHUNK_ROWS, _CHUNK_BYTES // (4 * int(np.prod(self.shape)))))

    def _in_file_order(self, rows: int) -> Iterator[tuple[int, Chunk]]:
        first = 0
        for chunk in self.chunks(rows):
            yield first, chunk
            first += len(chunk["x"])

    def mixed(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read everything once, in as random an order as the kind of source can: a stream has only one.

        Args:
            capacity: the most rows that the caller holds in memory.
            generator: source of randomness.

        Returns:
            An iterator over the number of a chunk's first row, and the chunk.
        """
        return self._in_file_order(min(self.window(), capacity))

    def _convert(self, x: np.ndarray, label: np.ndarray | None) -> Chunk:
        chunk = {"x": self.layout.examples(x)}
        if label is not None:
            chunk["label"] = label.astype(self.label_dtype)
        return chunk


class RandomAccess(Source):
    """A source whose rows can be read from anywhere: shuffling also mixes rows that lie far apart.

    A new kind implements `_layout` with a known size, and `_read`.

    Args:
        name: what messages call this source, usually its path.

    Example:
        >>> import numpy as np, tfvae
        >>> isinstance(tfvae.data.Arrays(np.zeros((3, 2))), RandomAccess)
        True
    """

    @abc.abstractmethod
    def _read(self, start: int, stop: int) -> RawChunk:
        """Stored examples and labels (or None) of rows start to stop."""

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        for start in range(0, self.size, rows):
            yield self._read(start, min(start + rows, self.size))

    def mixed(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read everything once, in short blocks from all over the data."""
        rows = min(self.window(), max(capacity // _BLOCKS_PER_POOL, _LEAST_BLOCK_ROWS))
        for block in generator.permutation(-(-self.size // rows)).tolist():
            start = block * rows
            yield start, self._convert(*self._read(start, min(start + rows, self.size)))


def _kept(numbered: Iterator[tuple[int, Chunk]], keep: Keep) -> Iterator[Chunk]:
    for first, chunk in numbered:
        mask = keep(first, len(chunk["x"]))
        if mask.all():
            yield chunk
        elif mask.any():
            yield {key: value[mask] for key, value in chunk.items()}
