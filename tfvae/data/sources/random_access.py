"""The abstract source whose rows can be read in any order."""

from __future__ import annotations

import abc
from collections.abc import Iterator

import numpy as np

from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import Source, StoredChunk

_BLOCKS_PER_POOL = 64  # short enough for a pool to hold rows from all over the file
_FEWEST_BLOCK_ROWS = 16  # long enough for opening a block to cost little compared with reading it


class RandomAccessSource(Source):
    """A source whose rows can be read in any order, so that shuffling mixes rows from far apart; abstract.

    A new kind implements `_read_layout` with a known size, and `_read`.

    Args:
        name: of the source in messages, usually its path.

    Example:
        >>> import numpy as np, tfvae
        >>> isinstance(tfvae.data.Arrays(np.zeros((3, 2))), RandomAccessSource)
        True
    """

    @abc.abstractmethod
    def _read(self, start: int, stop: int) -> StoredChunk:
        """Return stored examples and labels (or None) of the rows from start to before stop."""

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        size = self.count()
        for start in range(0, size, rows):
            yield self._read(start, min(start + rows, size))

    def shuffled_chunks(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read all rows once, in short blocks in random order."""
        rows = min(self.chunk_rows(), max(capacity // _BLOCKS_PER_POOL, _FEWEST_BLOCK_ROWS))
        size = self.count()
        for block in generator.permutation(-(-size // rows)).tolist():
            start = block * rows
            yield start, self._convert(*self._read(start, min(start + rows, size)))
