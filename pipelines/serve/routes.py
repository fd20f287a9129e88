"""The routes of TensorFlow Serving's REST interface."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.limits import Limits, RequestLimiter
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.prediction import Prediction, Predictor
from tfvae.pipelines.serve.served_model import ServedModel
from tfvae.pipelines.serve.version import Version

METRICS_PATH = "/monitoring/prometheus/metrics"
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(rf"/v1/models/(?P<model>[^/:]+){_VERSION}:(?P<method>predict|classify|regress)", re.I)
_INSPECT = re.compile(rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.I)
_PATHS = {"POST": _PREDICT, "GET": _INSPECT}
_LISTED = 5  # models in a message
_log = logging.getLogger("tfvae.serve")


class Routes:
    """Answers requests by method and path.

    Args:
        models: the models.
        predictor: answers requests for predictions.
        limits: which requests are rejected.
        metrics: counts the answers.
    """

    def __init__(self, models: list[ServedModel], predictor: Predictor, limits: Limits, metrics: Metrics):
        self._models = {model.name: model for model in models}
        self._predictor, self._limits, self._metrics = predictor, limits, metrics
        self._limiter = RequestLimiter(limits)

    @property
    def routes(self) -> list[Route]:
        """The routes of the Starlette application: the metrics, and one for all other paths and methods."""
        return [Route(METRICS_PATH, self._metrics_page), Route("/{path:path}", _AnyMethod(self._answer))]

    @property
    def _not_found(self) -> Failure:
        """What is answered to an unknown path: the paths that there are."""
        names = [f"/v1/models/{quote(name)}" for name in sorted(self._models)][:_LISTED]
        known = [*names, *(f"{name}:predict (POST)" for name in names), METRICS_PATH]
        return Failure("NOT_FOUND", f"There is no such page; this server has {', '.join(known)}")

    async def _metrics_page(self, request: Request) -> Response:
        return Response(self._metrics.page, media_type="text/plain; version=0.0.4")

    async def _answer(self, request: Request) -> Response:
        start = time.perf_counter()
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if not path.lower().startswith("/v1/"):
            return Response(self._not_found.body, self._not_found.http_status, media_type="application/json")
        match = _PATHS[request.method].fullmatch(path) if request.method in _PATHS else None
        parts = match.groupdict() if match else {}
        try:
            response = await self._response(request, path, parts)
        except Failure as failure:
            response = Response(failure.body, failure.http_status, media_type="application/json")
        except ClientDisconnect:
            response = Response(status_code=499)
        except Exception:
            _log.exception("%s %s", request.method, path)
            failure = Failure("INTERNAL", "The server failed; see its log")
            response = Response(failure.body, failure.http_status, media_type="application/json")
        name = unquote(parts.get("model") or "")
        method = (parts.get("method") or ("metadata" if parts.get("metadata") else "status")) if parts else ""
        self._metrics.count_answer(
            name if name in self._models else "",
            method.lower(),
            response.status_code,
            time.perf_counter() - start,
        )
        return response

    async def _response(self, request: Request, path: str, parts: dict[str, str | None]) -> Response:
        if request.method == "OPTIONS":
            if "http://" not in (origin := request.headers.get("origin", "")) and "https://" not in origin:
                raise Failure("FAILED_PRECONDITION", "Origin header is missing in CORS preflight")
            return Response(media_type="application/json")
        if not parts:
            raise invalid(f"Malformed request: {request.method} {path}")
        if parts["model"] is None:
            raise invalid("Missing model name in request.")
        name = unquote(parts["model"])
        number, label = _version_number(parts["version"]), parts["label"]
        if request.method == "GET":
            _reject_label(label)
            return JSONResponse(
                self._metadata(name, number) if parts["metadata"] else self._model(name).status(number)
            )
        with self._limiter.accept() as accepted:
            body = await accepted.body(request)
            with self._version(name, number, label) as version:
                method = (parts["method"] or "").lower()
                prediction = Prediction(body, method, version, self._limits.max_instances)
                answer = await self._predictor.answer(name, prediction)
            return Response(answer, media_type="application/json")

    @contextlib.contextmanager
    def _version(self, name: str, number: int | None, label: str | None) -> Iterator[Version | Failure]:
        """Yield the version of a request, or why there is none: other checks come before that."""
        with contextlib.ExitStack() as using:
            try:
                _reject_label(label)
                version = using.enter_context(self._model(name).use(number))
            except Failure as failure:
                version = failure
            yield version

    def _model(self, name: str) -> ServedModel:
        return self._models.get(name) or ServedModel(name, Path())  # without versions

    def _metadata(self, name: str, number: int | None) -> dict[str, Any]:
        with self._model(name).use(number) as version:
            spec = {"name": name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata}}
            return {"model_spec": spec, "metadata": signatures}


class _AnyMethod:
    """An endpoint for every HTTP method; Starlette would reject some with its own message."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]):
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


def _reject_label(label: str | None) -> None:
    if label is not None:
        raise invalid(f"Unrecognized servable version label: {unquote(label)}")


def _version_number(digits: str | None) -> int | None:
    if digits is None:
        return None
    if len(digits.lstrip("0")) > 19 or int(digits) >= 2**63:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return int(digits)
