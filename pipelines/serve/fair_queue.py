"""Turns for work of different sizes: what is small overtakes, what is large waits a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator
from typing import TypeAlias

_Entry: TypeAlias = "tuple[float, int, asyncio.Future[None]]"


class FairQueue:
    """Gives turns, several at the same time; used in one event loop.

    Each waiting entry has a finish tag, the queue's clock at its arrival plus its cost; the smallest tag is
    next, and becomes the clock. So a small entry overtakes large ones, and those that overtake a large one
    after its arrival advance the clock until it is next. The last free turn is kept for small ones.

    Args:
        turns: number of turns at the same time, at least 2.
        small: largest cost of a small entry.

    Source: Golestani 1994 (self-clocked fair queueing), with a flow for each entry.

    Example:
        >>> async def one():
        ...     async with FairQueue(turns=2, small=10).turn(5):
        ...         return "done"
        >>> asyncio.run(one())
        'done'
    """

    def __init__(self, turns: int, small: float):
        self._free, self._free_for_large = turns, turns - 1
        self._small = small
        self._clock = 0.0
        self._numbers = itertools.count()
        self._waiting: dict[bool, list[_Entry]] = {False: [], True: []}  # small ones, large ones

    @contextlib.asynccontextmanager
    async def turn(self, cost: float) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the end of the context.

        Args:
            cost: size of the work, in any unit.
        """
        large = cost > self._small
        granted = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting[large], (self._clock + cost, next(self._numbers), granted))
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():  # granted and canceled in one moment
                self._release(large)
            raise
        try:
            yield
        finally:
            self._release(large)

    def _grant(self) -> None:
        while self._free:
            allowed = [large for large, heap in self._waiting.items() if heap and self._may_start(large)]
            if not allowed:
                return
            large = min(allowed, key=lambda kind: self._waiting[kind][0][:2])
            tag, _, granted = heapq.heappop(self._waiting[large])
            if not granted.done():  # else it was canceled
                self._clock = max(self._clock, tag)
                self._free -= 1
                self._free_for_large -= large
                granted.set_result(None)

    def _may_start(self, large: bool) -> bool:
        return not large or self._free_for_large > 0

    def _release(self, large: bool) -> None:
        self._free += 1
        self._free_for_large += large
        self._grant()
