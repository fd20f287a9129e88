"""Several files of one kind as one source: their rows follow each other in the order of the names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import RawChunk, Source
from tfvae.data.sources.layout import Layout


@final
class Shards(Source):
    """Files of one layout, one after the other.

    Args:
        name: what messages call all of them together.
        shards: at least one source.

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

    def _layout(self) -> Layout:
        first = self.shards[0].layout
        sizes = [first.size]
        for shard in self.shards[1:]:
            expected = (first.row_shape, first.dtype, first.label_dtype)
            received = (shard.layout.row_shape, shard.layout.dtype, shard.layout.label_dtype)
            if received != expected:
                raise UnreadableFile(
                    shard.name,
                    f"{_described(first)} like {self.shards[0].name}",
                    f"it has {_described(shard.layout)}",
                )
            sizes.append(shard.size)
        return Layout(first.row_shape, first.dtype, None if None in sizes else sum(sizes), first.label_dtype)

    def count(self) -> int:
        """Return the number of examples; files of unknown length are read once for it."""
        size = sum(shard.count() for shard in self.shards)
        self.layout = dataclasses.replace(self.layout, size=size)
        return size

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        for shard in self.shards:
            yield from shard.stored(rows)

    def mixed(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read everything once; files of known length in random order, each mixed as far as it can."""
        if self.size is None:  # a row's number is needed to split, and is known only by counting
            yield from super().mixed(capacity, generator)
            return
        starts = np.cumsum([0, *(shard.size for shard in self.shards)]).tolist()
        for index in generator.permutation(len(self.shards)).tolist():
            for first, chunk in self.shards[index].mixed(capacity, generator):
                yield starts[index] + first, chunk


def _described(layout: Layout) -> str:
    label = "no label" if layout.label_dtype is None else f"labels of type {layout.label_dtype}"
    return f"rows of shape {layout.row_shape}, type {layout.dtype}, {label}"
