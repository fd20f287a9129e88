"""Chunks of rows into batches: in order, or shuffled in a pool of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import final

import numpy as np

Chunk = dict[str, np.ndarray]


def rebatch(chunks: Iterable[Chunk], batch: int) -> Iterator[Chunk]:
    """Yield batches of one length from chunks of any length; only the last may be smaller.

    Args:
        chunks: dicts of arrays [n, ...], one of them `x`.
        batch: rows of a batch.

    Example:
        >>> chunks = [{"x": np.arange(3)}, {"x": np.arange(3, 7)}]
        >>> [part["x"].tolist() for part in rebatch(chunks, 2)]
        [[0, 1], [2, 3], [4, 5], [6]]
    """
    waiting: list[Chunk] = []
    rows = 0
    for chunk in chunks:
        waiting.append(chunk)
        rows += len(chunk["x"])
        if rows < batch:
            continue
        joined = _concatenate(waiting)
        whole = rows - rows % batch
        for start in range(0, whole, batch):
            yield {key: value[start : start + batch] for key, value in joined.items()}
        waiting, rows = [{key: value[whole:] for key, value in joined.items()}], rows - whole
    if rows:
        yield _concatenate(waiting)


@final
class ShufflePool:
    """Shuffles a stream of any length in bounded memory.

    The pool fills up with rows, gives out a random half of them in whole batches, fills up again, and gives
    out all it holds at the end. Every row comes exactly once, and may move far from its place.

    Args:
        capacity: largest number of rows held; at least those of one batch.
        batch: rows of a batch.
        generator: source of randomness; the order is a function of its state and of the rows' order.

    Example:
        >>> pool = ShufflePool(6, batch=2, generator=np.random.default_rng(0))
        >>> order = [int(i) for part in pool.batches([{"x": np.arange(9)}]) for i in part["x"]]
        >>> sorted(order) == list(range(9)), order != list(range(9))
        (True, True)
    """

    def __init__(self, capacity: int, batch: int, generator: np.random.Generator):
        self.capacity = max(capacity, batch)
        self.batch = batch
        self.generator = generator

    def batches(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield the rows of all chunks in shuffled batches; only the last may be smaller.

        Args:
            chunks: dicts of arrays [n, ...], one of them `x`.
        """
        rows: Chunk = {}
        free = np.arange(self.capacity)
        given = max(1, self.capacity // (2 * self.batch)) * self.batch
        for chunk in chunks:
            # Memory is reserved, but only pages that are written to are taken.
            rows = rows or {k: np.empty((self.capacity, *v.shape[1:]), v.dtype) for k, v in chunk.items()}
            start, length = 0, len(chunk["x"])
            while start < length:
                slots = free[: length - start]
                for key, value in chunk.items():
                    rows[key][slots] = value[start : start + len(slots)]
                start, free = start + len(slots), free[len(slots) :]
                if not len(free):
                    order = self.generator.permutation(self.capacity)
                    yield from self._take(rows, order[:given])
                    free = order[:given]
        held = np.delete(np.arange(self.capacity), free)
        yield from self._take(rows, self.generator.permutation(held))

    def _take(self, rows: Chunk, order: np.ndarray) -> Iterator[Chunk]:
        for start in range(0, len(order), self.batch):
            slots = order[start : start + self.batch]
            yield {key: value.take(slots, axis=0) for key, value in rows.items()}


def _concatenate(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
