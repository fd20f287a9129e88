"""Requests that arrive at the same time are run as one batch.

Requests of one signature whose rows have one shape are concatenated along their first axis, and the outputs
are split again. Each output is what the model computes for the merged batch, to the bit. Compared with the
request run alone, the last bits may differ, as matrix products of other sizes are summed in another order.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tfvae.pipelines.serve.failure import Failure

if TYPE_CHECKING:
    from tfvae.core.types import Array

Function: TypeAlias = "Callable[[dict[str, Array]], dict[str, Array]]"
Finish: TypeAlias = "Callable[[dict[str, Array]], bytes]"


@dataclasses.dataclass(frozen=True)
class BatchingPolicy:
    """How many rows form a batch, and how long requests wait for each other.

    Attributes:
        max_batch_size: most rows in a batch.
        timeout: seconds that the first request waits for others.
    """

    max_batch_size: int = 32
    timeout: float = 0.002


@dataclasses.dataclass
class _Waiting:
    inputs: dict[str, Array]
    rows: int
    finish: Finish
    result: asyncio.Future[bytes]


class Batcher:
    """Runs a function of named arrays on merged requests; used in one event loop.

    Args:
        policy: how many rows, and for how long.
        pool: threads in which the function runs.
        observe: called with the rows of each batch.
    """

    def __init__(self, policy: BatchingPolicy, pool: Executor, observe: Callable[[int], None]):
        self._policy, self._pool, self._observe = policy, pool, observe
        self._open: dict[object, list[_Waiting]] = {}
        self._timers: dict[object, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(
        self, key: object, function: Function, inputs: dict[str, Array], finish: Finish
    ) -> bytes:
        """Return what `finish` makes of the function's outputs for these inputs.

        Args:
            key: only requests with equal keys are merged.
            function: from arrays [rows, ...] by name to arrays [rows, ...].
            inputs: arrays by name, all with the same number of rows.
            finish: called in the batch's thread, with the outputs of this request's rows.

        Raises:
            Failure: caused by these inputs, never by those of another request.
        """
        loop = asyncio.get_running_loop()
        rows = len(next(iter(inputs.values())))
        key = (key, *((name, value.shape[1:]) for name, value in inputs.items()))
        waiting = _Waiting(inputs, rows, finish, loop.create_future())
        if sum(other.rows for other in self._open.get(key, [])) + rows > self._policy.max_batch_size:
            self._start(key, function)
        group = self._open.setdefault(key, [])
        group.append(waiting)
        if sum(other.rows for other in group) >= self._policy.max_batch_size:
            self._start(key, function)
        elif len(group) == 1:
            self._timers[key] = loop.call_later(self._policy.timeout, self._start, key, function)
        return await waiting.result

    def _start(self, key: object, function: Function) -> None:
        group = self._open.pop(key, [])
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        group = [waiting for waiting in group if not waiting.result.done()]  # clients may have left
        if group:
            task = asyncio.get_running_loop().create_task(self._run(group, function))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, group: list[_Waiting], function: Function) -> None:
        loop = asyncio.get_running_loop()
        self._observe(sum(waiting.rows for waiting in group))
        try:
            results = await loop.run_in_executor(self._pool, _run_merged, function, group)
        except Exception as error:
            if len(group) > 1:
                await asyncio.gather(*(self._run([waiting], function) for waiting in group))
            elif not group[0].result.done():
                group[0].result.set_exception(error)
            return
        for waiting, result in zip(group, results, strict=True):
            if not waiting.result.done():
                waiting.result.set_result(result)


def _run_merged(function: Function, group: list[_Waiting]) -> list[bytes]:
    if len(group) == 1:
        return [group[0].finish(function(group[0].inputs))]
    merged = {name: np.concatenate([waiting.inputs[name] for waiting in group]) for name in group[0].inputs}
    outputs = function(merged)
    rows = sum(waiting.rows for waiting in group)
    if any(value.ndim == 0 or len(value) != rows for value in outputs.values()):
        raise Failure("INTERNAL", "expected outputs with as many rows as the inputs of a batch")
    ends = np.cumsum([waiting.rows for waiting in group])
    return [
        waiting.finish({name: value[end - waiting.rows : end] for name, value in outputs.items()})
        for waiting, end in zip(group, ends, strict=True)
    ]
