"""One request for predictions, from its body to the arrays and from the outputs to the answer's text."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Callable
from concurrent.futures import Executor

from tfvae.pipelines.serve import requests, responses
from tfvae.pipelines.serve.batching import Batcher, Policy
from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.servable import ServedModel
from tfvae.pipelines.serve.version import Version


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What was asked; its methods are the work of a thread.

    Checks come in TensorFlow Serving's order: the text, the signature's name, the model, the signature, the
    values.

    Args:
        body: the request's body.
        method: `predict`, `classify` or `regress`.
        found: the model's version, or why there is none.
        most: instances that a request may have.
    """

    body: bytes
    method: str
    found: Version | Failure
    most: int

    def read(self) -> tuple[str, requests.Request]:
        """Return the signature's name and its inputs.

        Raises:
            Failure: the first thing that is wrong.
        """
        content = requests.document(self.body)
        signature = requests.signature_name(content)
        if isinstance(self.found, Failure):
            raise self.found
        if self.method != "predict":
            expected = f"tensorflow/serving/{self.method}"
            raise invalid(
                f"Expected {self.method} signature method_name to be {expected}."
                f" Was: {self.found.method(signature)}"
            )
        return signature, requests.request(self.body, content, self.found.inputs(signature), self.most)

    def answer(self) -> tuple[int, bytes]:
        """Return the rows that were run and the answer's text.

        Raises:
            Failure: the first thing that is wrong.
        """
        signature, request = self.read()
        text = responses.body(self.found.call(signature, request.inputs), request.by_rows)
        return request.rows, text


class Predictor:
    """Answers requests for predictions, in threads: the event loop only waits.

    Args:
        models: the models.
        batching: how requests are joined; None runs each alone.
        pool: the threads.
        metrics: what is told of each call.
    """

    def __init__(self, models: list[ServedModel], batching: Policy | None, pool: Executor, metrics: Metrics):
        self._pool, self._metrics = pool, metrics
        self._batchers = {}
        if batching is not None:
            self._batchers = {
                model.name: Batcher(batching, pool, functools.partial(metrics.ran, model.name))
                for model in models
            }

    async def answer(self, model: str, prediction: Prediction) -> bytes:
        """Return an answer's text.

        Raises:
            Failure: the first thing that is wrong.
        """
        if model not in self._batchers:
            rows, text = await self._run(prediction.answer)
            self._metrics.ran(model, rows)
            return text
        signature, request = await self._run(prediction.read)
        call = functools.partial(prediction.found.call, signature)
        finish = functools.partial(responses.body, by_rows=request.by_rows)
        if prediction.found.batchable(signature) and request.one_length:
            key = (prediction.found, signature)
            return await self._batchers[model](key, call, request.inputs, finish)
        return await self._run(lambda: finish(call(request.inputs)))

    async def _run(self, function: Callable[[], object]) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)
