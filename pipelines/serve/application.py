"""The routes of TensorFlow Serving's REST interface, as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tfvae.pipelines.serve import responses
from tfvae.pipelines.serve.batching import Batcher, Policy
from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.limits import Gate, Limits
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.prediction import Prediction
from tfvae.pipelines.serve.servable import Servable, servables
from tfvae.pipelines.serve.version import Version

METRICS_PATH = "/monitoring/prometheus/metrics"
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_ASK = re.compile(rf"/v1/models/(?P<model>[^/:]+){_VERSION}:(?P<method>predict|classify|regress)", re.I)
_LOOK = re.compile(rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.I)
_NEVER = re.compile(r"(?!)")
_log = logging.getLogger("tfvae.serve")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to serve.

    Attributes:
        batching: how requests are joined; None runs each alone.
        limits: what is refused.
        poll_seconds: time between two looks for new versions.
        threads: in which bodies are read and models run.
    """

    batching: Policy | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    poll_seconds: float = 1.0
    threads: int = dataclasses.field(default_factory=lambda: min(32, 4 * (os.cpu_count() or 1)))


@contextlib.asynccontextmanager
async def application(
    folder: Path, settings: Settings, name: str | None = None
) -> AsyncIterator[tuple[Starlette, list[Servable]]]:
    """Load the models in a folder, and yield the application and the models; at the end, finish what runs.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        settings: how to serve.
        name: the name of a single model; None is its folder's.
    """
    with ThreadPoolExecutor(settings.threads, "serve") as pool, ThreadPoolExecutor(1, "load") as loader:
        models = await asyncio.get_running_loop().run_in_executor(loader, servables, folder, name)
        metrics = Metrics()
        await _refresh(models, loader, metrics)
        watching = asyncio.create_task(_watch(models, loader, metrics, settings.poll_seconds))
        try:
            routes = _Routes(models, settings, pool, metrics)
            page = Route(METRICS_PATH, routes.metrics)
            yield Starlette(routes=[page, Route("/{path:path}", _AnyMethod(routes.answer))]), models
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


async def _watch(models: list[Servable], loader: Executor, metrics: Metrics, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await _refresh(models, loader, metrics)
        except OSError as error:  # a folder that cannot be read now may be read later
            _log.error("%s", error)


async def _refresh(models: list[Servable], loader: Executor, metrics: Metrics) -> None:
    for model in models:
        await model.refresh(loader)
        if model.newest is not None:
            metrics.served(model.name, model.newest)


class _AnyMethod:
    """An endpoint for every HTTP method: the routes decide which they know."""

    def __init__(self, answer: object):
        self._answer = answer

    async def __call__(self, scope: dict, receive: object, send: object) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


class _Routes:
    def __init__(self, models: list[Servable], settings: Settings, pool: Executor, metrics: Metrics):
        self._models = {model.name: model for model in models}
        self._gate, self._limits = Gate(settings.limits), settings.limits
        self._pool, self._metrics = pool, metrics
        self._batchers = {}
        if settings.batching is not None:
            self._batchers = {
                model.name: Batcher(settings.batching, pool, functools.partial(metrics.ran, model.name))
                for model in models
            }

    async def metrics(self, request: Request) -> Response:
        return Response(self._metrics.page, media_type="text/plain; version=0.0.4")

    async def answer(self, request: Request) -> Response:
        """Answer any request under /v1/, in TensorFlow Serving's words."""
        start = time.perf_counter()
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if not path.lower().startswith("/v1/"):
            return Response(status_code=404)
        match = {"POST": _ASK, "GET": _LOOK}.get(request.method, _NEVER).fullmatch(path)
        asked = match.groupdict() if match else {}
        try:
            response = await self._answered(request, path, asked)
        except Failure as failure:
            response = Response(failure.body, failure.http_status, media_type="application/json")
        except ClientDisconnect:
            response = Response(status_code=499)
        except Exception:
            _log.exception("%s %s", request.method, path)
            failure = Failure("INTERNAL", "The server failed; its log says more")
            response = Response(failure.body, failure.http_status, media_type="application/json")
        known = unquote(asked.get("model") or "")
        method = (asked.get("method") or ("metadata" if asked.get("metadata") else "status")) if asked else ""
        self._metrics.answered(
            known if known in self._models else "",
            method.lower(),
            response.status_code,
            time.perf_counter() - start,
        )
        return response

    async def _answered(self, request: Request, path: str, asked: dict[str, str | None]) -> Response:
        if request.method == "OPTIONS":
            if "http://" not in (origin := request.headers.get("origin", "")) and "https://" not in origin:
                raise Failure("FAILED_PRECONDITION", "Origin header is missing in CORS preflight")
            return Response(media_type="application/json")
        if not asked:
            raise invalid(f"Malformed request: {request.method} {path}")
        if asked["model"] is None:
            raise invalid("Missing model name in request.")
        name = unquote(asked["model"])
        number = _number(asked["version"])
        if request.method == "GET":
            _refuse(asked["label"])
            return JSONResponse(
                self._metadata(name, number) if asked["metadata"] else self._model(name).status(number)
            )
        with self._gate.admitted() as admitted:
            body = await admitted.body(request)
            with self._found(name, number, asked["label"]) as found:
                prediction = Prediction(body, asked["method"].lower(), found, self._limits.max_instances)
                text = await self._predicted(prediction, name)
            return Response(text, media_type="application/json")

    async def _predicted(self, prediction: Prediction, name: str) -> bytes:
        loop = asyncio.get_running_loop()
        if name not in self._batchers:
            rows, text = await loop.run_in_executor(self._pool, prediction.answer)
            self._metrics.ran(name, rows)
            return text
        signature, read = await loop.run_in_executor(self._pool, prediction.read)
        version = prediction.found
        call = functools.partial(version.call, signature)
        if version.batchable(signature) and len({len(value) for value in read.inputs.values()}) == 1:
            outputs = await self._batchers[name]((version, signature), call, read.inputs)
        else:
            outputs = await loop.run_in_executor(self._pool, call, read.inputs)
        return await loop.run_in_executor(self._pool, responses.body, outputs, read.by_rows)

    @contextlib.contextmanager
    def _found(self, name: str, number: int | None, label: str | None) -> Iterator[Version | Failure]:
        """Yield the version of a request, or why there is none: other things may be wrong before that."""
        with contextlib.ExitStack() as using:
            try:
                _refuse(label)
                found = using.enter_context(self._model(name).use(number))
            except Failure as failure:
                found = failure
            yield found

    def _model(self, name: str) -> Servable:
        return self._models.get(name) or Servable(name, Path())  # one without versions

    def _metadata(self, name: str, number: int | None) -> dict:
        with self._model(name).use(number) as version:
            spec = {"name": name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata}}
            return {"model_spec": spec, "metadata": signatures}


def _refuse(label: str | None) -> None:
    if label is not None:
        raise invalid(f"Unrecognized servable version label: {unquote(label)}")


def _number(digits: str | None) -> int | None:
    if digits is None:
        return None
    if len(digits.lstrip("0")) > 19 or int(digits) >= 2**63:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return int(digits)
