"""Several files of one kind as one source, in the order of their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.row_layout import RowLayout


@final
class Shards(Source):
    """Files of one layout, one after the other.

    Args:
        name: of all of them together, for messages.
        shards: one or more sources.

    Example:
        >>> import numpy as np
        >>> from tfvae.data import Arrays
        >>> source = Shards("both", [Arrays(np.zeros((3, 2))), Arrays(np.ones((4, 2)))])
        >>> source.size, [len(chunk["x"]) for chunk in source.chunks()]
        (7, [3, 4])
    """

    def __init__(self, name: str, shards: Sequence[Source]):
        super().__init__(name)
        self.shards = list(shards)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Those of the first file."""
        return self.shards[0].columns

    def _read_layout(self) -> RowLayout:
        first = self.shards[0].layout
        for shard in self.shards[1:]:
            expected = (first.row_shape, first.dtype, first.stored_label_dtype)
            received = (shard.layout.row_shape, shard.layout.dtype, shard.layout.stored_label_dtype)
            if received != expected:
                raise UnreadableFile(
                    shard.name,
                    f"{_described(first)} like {self.shards[0].name}",
                    f"it has {_described(shard.layout)}",
                )
        sizes = [shard.size for shard in self.shards]
        known = [size for size in sizes if size is not None]
        return dataclasses.replace(first, size=sum(known) if len(known) == len(sizes) else None)

    def count(self) -> int:
        """Return the number of examples; files of unknown length are read once."""
        size = sum(shard.count() for shard in self.shards)
        self.layout = dataclasses.replace(self.layout, size=size)
        return size

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        for shard in self.shards:
            yield from shard.stored_chunks(rows)

    def shuffled_chunks(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read all rows once; files of known length in random order, each shuffled as far as it can be."""
        if self.size is None:  # the split needs the index of each row, which is known only in file order
            yield from super().shuffled_chunks(capacity, generator)
            return
        starts = np.cumsum([0, *(shard.count() for shard in self.shards)]).tolist()
        for index in generator.permutation(len(self.shards)).tolist():
            for first, chunk in self.shards[index].shuffled_chunks(capacity, generator):
                yield starts[index] + first, chunk


def _described(layout: RowLayout) -> str:
    dtype = layout.stored_label_dtype
    label = "no label" if dtype is None else f"labels of type {dtype}"
    return f"rows of shape {layout.row_shape}, type {layout.dtype}, {label}"
