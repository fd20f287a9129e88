"""A request for predictions: from its body to arrays, and from the outputs to the body of the answer."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from tfvae.pipelines.serve import requests, responses
from tfvae.pipelines.serve.batching import Batcher, BatchingPolicy
from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.fair_queue import FairQueue
from tfvae.pipelines.serve.json_text import document
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.served_model import ServedModel
from tfvae.pipelines.serve.version import Version

Result = TypeVar("Result")

_SMALL = 2**16  # bytes of a body


@dataclasses.dataclass(frozen=True)
class Prediction:
    """A request for predictions; its methods run in a thread.

    Checks come in TensorFlow Serving's order: the text, the signature's name, the model, the signature, the
    values.

    Args:
        body: the request's body.
        method: `predict`, `classify` or `regress`.
        version: the model's version, or why there is none.
        max_instances: most rows of a request.
    """

    body: bytes
    method: str
    version: Version | Failure
    max_instances: int

    def read(self) -> tuple[Version, str, requests.Request]:
        """Return the version, the signature's name and the inputs.

        Raises:
            Failure: the first check that fails.
        """
        content = document(self.body)
        signature = requests.signature_name(content)
        if isinstance(self.version, Failure):
            raise self.version
        if self.method != "predict":
            expected = f"tensorflow/serving/{self.method}"
            raise invalid(
                f"Expected {self.method} signature method_name to be {expected}."
                f" Was: {self.version.method(signature)}"
            )
        specs = self.version.inputs(signature)
        request = requests.request(self.body, content, specs, self.max_instances)
        return self.version, signature, request

    def answer(self) -> tuple[int, bytes]:
        """Return the number of rows and the body of the answer.

        Raises:
            Failure: the first check that fails, or the model's error.
        """
        version, signature, request = self.read()
        return request.rows, responses.body(version.call(signature, request.inputs), request.by_rows)


class Predictor:
    """Answers requests for predictions in threads, so that the event loop is never blocked.

    A request waits for its turn by the length of its body, which grows with its rows: one row beside large
    requests is answered first.

    Args:
        models: the models.
        batching: how requests are merged; None runs each alone.
        pool: the threads.
        turns: number of requests that are read and run at the same time, at least 2.
        metrics: counts the calls.
    """

    def __init__(
        self,
        models: list[ServedModel],
        batching: BatchingPolicy | None,
        pool: Executor,
        turns: int,
        metrics: Metrics,
    ):
        self._pool, self._metrics = pool, metrics
        self._queue = FairQueue(turns, _SMALL)
        self._largest = 0 if batching is None else batching.max_batch_size
        self._batchers: dict[str, Batcher] = {}
        if batching is not None:
            self._batchers = {
                model.name: Batcher(batching, pool, functools.partial(metrics.count_batch, model.name))
                for model in models
            }

    async def answer(self, model: str, prediction: Prediction) -> bytes:
        """Return the body of an answer.

        Args:
            model: name of the model.
            prediction: the request.

        Raises:
            Failure: the first check that fails, or the model's error.
        """
        async with self._queue.turn(len(prediction.body)):
            if model not in self._batchers:
                rows, body = await self._run(prediction.answer)
                self._metrics.count_batch(model, rows)
                return body
            version, signature, request = await self._run(prediction.read)
            call = functools.partial(version.call, signature)
            finish = functools.partial(responses.body, by_rows=request.by_rows)
            mergeable = version.batchable(signature) and request.same_length
            if not mergeable or request.rows > self._largest:
                self._metrics.count_batch(model, request.rows)
                return await self._run(lambda: finish(call(request.inputs)))
        return await self._batchers[model]((version, signature), call, request.inputs, finish)

    async def _run(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)
