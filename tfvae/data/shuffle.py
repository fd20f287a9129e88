"""Batches from chunks: in the order they come, or mixed in a pool of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import final

import numpy as np

Chunk = dict[str, np.ndarray]


def rebatched(chunks: Iterable[Chunk], batch: int) -> Iterator[Chunk]:
    """Cut chunks of any length into batches of one length, across their borders; the last may be smaller.

    Example:
        >>> chunks = [{"x": np.arange(3)}, {"x": np.arange(3, 7)}]
        >>> [part["x"].tolist() for part in rebatched(chunks, 2)]
        [[0, 1], [2, 3], [4, 5], [6]]
    """
    waiting: list[Chunk] = []
    rows = 0
    for chunk in chunks:
        waiting.append(chunk)
        rows += len(chunk["x"])
        if rows < batch:
            continue
        joined = _joined(waiting)
        whole = rows - rows % batch
        for start in range(0, whole, batch):
            yield {key: value[start : start + batch] for key, value in joined.items()}
        waiting, rows = [{key: value[whole:] for key, value in joined.items()}], rows - whole
    if rows:
        yield _joined(waiting)


@final
class Pool:
    """Mixes a stream of any length in bounded memory.

    The pool fills up with rows, gives out a random half of them in whole batches, fills up again, and gives
    out all it holds at the end. So every row comes exactly once, and a row may move far from its place.

    Args:
        capacity: the most rows held; at least one batch is held whatever it says.
        batch: rows a batch.
        generator: source of randomness; the order is a function of its state and of the rows' order.

    Example:
        >>> pool = Pool(6, batch=2, generator=np.random.default_rng(0))
        >>> order = [int(i) for part in pool.batches([{"x": np.arange(9)}]) for i in part["x"]]
        >>> sorted(order) == list(range(9)), order != list(range(9))
        (True, True)
    """

    def __init__(self, capacity: int, batch: int, generator: np.random.Generator):
        self.capacity = max(capacity, batch)
        self.batch = batch
        self.generator = generator

    def batches(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Mix the rows of all chunks into batches; only the last one may be smaller."""
        rows: Chunk = {}
        free = np.arange(self.capacity)
        given = max(1, self.capacity // (2 * self.batch)) * self.batch
        for chunk in chunks:
            # The memory is reserved, and only what is written to is ever really taken.
            rows = rows or {k: np.empty((self.capacity, *v.shape[1:]), v.dtype) for k, v in chunk.items()}
            start, length = 0, len(chunk["x"])
            while start < length:
                slots = free[: length - start]
                for key, value in chunk.items():
                    rows[key][slots] = value[start : start + len(slots)]
                start, free = start + len(slots), free[len(slots) :]
                if not len(free):
                    order = self.generator.permutation(self.capacity)
                    yield from self._taken(rows, order[:given])
                    free = order[:given]
        held = np.delete(np.arange(self.capacity), free)
        yield from self._taken(rows, self.generator.permutation(held))

    def _taken(self, rows: Chunk, order: np.ndarray) -> Iterator[Chunk]:
        for start in range(0, len(order), self.batch):
            slots = order[start : start + self.batch]
            yield {key: value.take(slots, axis=0) for key, value in rows.items()}


def _joined(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
