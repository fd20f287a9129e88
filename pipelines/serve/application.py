"""The models in a folder as an ASGI application: loaded, checked for new versions, and closed at the end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware

from tfvae.pipelines.serve.batching import BatchingPolicy
from tfvae.pipelines.serve.hosts import AllowedHosts
from tfvae.pipelines.serve.limits import Limits
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.prediction import Predictor
from tfvae.pipelines.serve.routes import Routes
from tfvae.pipelines.serve.served_model import ServedModel, served_models

_log = logging.getLogger("tfvae.serve")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to serve.

    Attributes:
        batching: how requests are merged into batches; None runs each alone.
        limits: which requests are rejected.
        poll_seconds: seconds between two checks for new versions.
        hosts: names under which the server may be asked, besides `localhost` and IP addresses; "*" for any.
        threads: number of requests that are read and run at the same time; one of them is kept for small
            requests.
    """

    batching: BatchingPolicy | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    poll_seconds: float = 1.0
    hosts: tuple[str, ...] = ()
    threads: int = dataclasses.field(default_factory=lambda: 1 + (os.cpu_count() or 1))


@contextlib.asynccontextmanager
async def application(
    folder: Path, settings: Settings, name: str | None = None
) -> AsyncIterator[tuple[Starlette, list[ServedModel]]]:
    """Load the models in a folder, and yield the application and the models; at the end, finish all requests.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        settings: how to serve.
        name: the name of a single model; None means that of its folder.
    """
    turns = max(2, settings.threads)
    with (
        _sharing_the_interpreter(),
        ThreadPoolExecutor(2 * turns, "serve") as pool,  # batches do not wait for requests that are read
        ThreadPoolExecutor(1, "load") as loader,
    ):
        models = await asyncio.get_running_loop().run_in_executor(loader, served_models, folder, name)
        metrics = Metrics()
        await _refresh(models, loader, metrics)
        _freeze_loaded_objects()
        polling = asyncio.create_task(_poll(models, loader, metrics, settings.poll_seconds))
        try:
            predictor = Predictor(models, settings.batching, pool, turns, metrics)
            routes = Routes(models, predictor, settings.limits, metrics).routes
            yield Starlette(routes=routes, middleware=[Middleware(AllowedHosts, settings.hosts)]), models
        finally:
            polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await polling
            gc.unfreeze()


async def _poll(models: list[ServedModel], loader: Executor, metrics: Metrics, seconds: float) -> None:
    frozen = [model.loaded for model in models]
    while True:
        await asyncio.sleep(seconds)
        try:
            await _refresh(models, loader, metrics)
        except Exception as error:  # a folder that cannot be read now may be read later
            _log.error("%s", error)
        if (loaded := [model.loaded for model in models]) != frozen:
            frozen = loaded
            _freeze_loaded_objects()


async def _refresh(models: list[ServedModel], loader: Executor, metrics: Metrics) -> None:
    for model in models:
        await model.refresh(loader)
        if model.newest is not None:
            metrics.set_version(model.name, model.newest)


@contextlib.contextmanager
def _sharing_the_interpreter() -> Iterator[None]:
    """Let a thread wait for the others at most half a millisecond, and collect garbage less often.

    A large request is hundreds of thousands of lists for a moment: with Python's thresholds the collector
    visits them again and again, which takes half of the time.
    """
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(0.0005)
    gc.set_threshold(100_000, 10, 10)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)


def _freeze_loaded_objects() -> None:
    """Keep the garbage collector from visiting TensorFlow's objects, which stops all answers for 0.2 s."""
    gc.unfreeze()
    gc.collect()  # versions that have ended
    gc.freeze()
