"""Requests that arrive together, run together.

Requests of one signature with items of one shape are joined along their first axis and split again. Each
output is what the model gives for the joined batch, to the bit; against the request run alone, the last bits
may differ, as matrix products of other sizes are summed in another order.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from tfvae.pipelines.serve.failure import Failure

Arrays = dict[str, np.ndarray]
Function = Callable[[Arrays], Arrays]


@dataclasses.dataclass(frozen=True)
class Policy:
    """How long requests wait for each other.

    Attributes:
        max_batch_size: rows that are run together.
        timeout: seconds that the first request waits for more.
    """

    max_batch_size: int = 32
    timeout: float = 0.002


@dataclasses.dataclass
class _Waiting:
    inputs: Arrays
    rows: int
    finish: Callable[[Arrays], object]
    result: asyncio.Future


class Batcher:
    """Runs a function of named arrays on joined requests; used in one event loop.

    Args:
        policy: how many rows, and for how long.
        pool: threads in which the function runs.
        observe: told the rows of each batch.
    """

    def __init__(self, policy: Policy, pool: Executor, observe: Callable[[int], None]):
        self._policy, self._pool, self._observe = policy, pool, observe
        self._open: dict[object, list[_Waiting]] = {}
        self._timers: dict[object, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task] = set()

    async def __call__(
        self, key: object, function: Function, inputs: Arrays, finish: Callable[[Arrays], object]
    ) -> object:
        """Return what `finish` makes of the function's outputs for these inputs.

        Args:
            key: requests of another key are not joined with this one.
            function: from arrays [rows, ...] by name to arrays [rows, ...].
            inputs: arrays by name, all with the same number of rows.
            finish: run in the batch's thread, on this request's rows.

        Raises:
            Failure: for these inputs alone, never for those of another request.
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
            results = await loop.run_in_executor(self._pool, _together, function, group)
        except Exception as error:
            if len(group) > 1:
                await asyncio.gather(*(self._run([waiting], function) for waiting in group))
            elif not group[0].result.done():
                group[0].result.set_exception(error)
            return
        for waiting, result in zip(group, results, strict=True):
            if not waiting.result.done():
                waiting.result.set_result(result)


def _together(function: Function, group: list[_Waiting]) -> list[object]:
    if len(group) == 1:
        return [group[0].finish(function(group[0].inputs))]
    joined = {name: np.concatenate([waiting.inputs[name] for waiting in group]) for name in group[0].inputs}
    outputs = function(joined)
    rows = sum(waiting.rows for waiting in group)
    if any(value.ndim == 0 or len(value) != rows for value in outputs.values()):
        raise Failure("INTERNAL", "expected outputs of as many rows as the inputs of a batch")
    ends = np.cumsum([waiting.rows for waiting in group])
    return [
        waiting.finish({name: value[end - waiting.rows : end] for name, value in outputs.items()})
        for waiting, end in zip(group, ends, strict=True)
    ]
