"""The routes of TensorFlow Serving's REST interface."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.limits import Gate, Limits
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.prediction import Prediction, Predictor
from tfvae.pipelines.serve.servable import ServedModel
from tfvae.pipelines.serve.version import Version

METRICS_PATH = "/monitoring/prometheus/metrics"
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_ASK = re.compile(rf"/v1/models/(?P<model>[^/:]+){_VERSION}:(?P<method>predict|classify|regress)", re.I)
_LOOK = re.compile(rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.I)
_PATHS = {"POST": _ASK, "GET": _LOOK}
_log = logging.getLogger("tfvae.serve")


class Routes:
    """What is answered at which path.

    Args:
        models: the models.
        predictor: answers requests for predictions.
        limits: what is refused.
        metrics: what is told of each answer.
    """

    def __init__(self, models: list[ServedModel], predictor: Predictor, limits: Limits, metrics: Metrics):
        self._models = {model.name: model for model in models}
        self._predictor, self._limits, self._metrics = predictor, limits, metrics
        self._gate = Gate(limits)

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes: the metrics, and one for all other paths and methods."""
        return [Route(METRICS_PATH, self._page), Route("/{path:path}", _AnyMethod(self._answer))]

    async def _page(self, request: Request) -> Response:
        return Response(self._metrics.page, media_type="text/plain; version=0.0.4")

    async def _answer(self, request: Request) -> Response:
        start = time.perf_counter()
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if not path.lower().startswith("/v1/"):
            return Response(status_code=404)
        match = _PATHS[request.method].fullmatch(path) if request.method in _PATHS else None
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
                text = await self._predictor.answer(name, prediction)
            return Response(text, media_type="application/json")

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

    def _model(self, name: str) -> ServedModel:
        return self._models.get(name) or ServedModel(name, Path())  # one without versions

    def _metadata(self, name: str, number: int | None) -> dict:
        with self._model(name).use(number) as version:
            spec = {"name": name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata}}
            return {"model_spec": spec, "metadata": signatures}


class _AnyMethod:
    """An endpoint for every HTTP method; Starlette would refuse some in its own words."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]):
        self._answer = answer

    async def __call__(self, scope: dict, receive: object, send: object) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


def _refuse(label: str | None) -> None:
    if label is not None:
        raise invalid(f"Unrecognized servable version label: {unquote(label)}")


def _number(digits: str | None) -> int | None:
    if digits is None:
        return None
    if len(digits.lstrip("0")) > 19 or int(digits) >= 2**63:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return int(digits)
