"""The models in a folder as an ASGI application: loaded, watched, and finished at the end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from starlette.applications import Starlette

from tfvae.pipelines.serve.batching import Policy
from tfvae.pipelines.serve.limits import Limits
from tfvae.pipelines.serve.metrics import Metrics
from tfvae.pipelines.serve.prediction import Predictor
from tfvae.pipelines.serve.routes import Routes
from tfvae.pipelines.serve.servable import ServedModel, servables

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
    threads: int = dataclasses.field(default_factory=lambda: 1 + (os.cpu_count() or 1))


@contextlib.asynccontextmanager
async def application(
    folder: Path, settings: Settings, name: str | None = None
) -> AsyncIterator[tuple[Starlette, list[ServedModel]]]:
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
        _pass_over_what_is_loaded()
        watching = asyncio.create_task(_watch(models, loader, metrics, settings.poll_seconds))
        try:
            predictor = Predictor(models, settings.batching, pool, metrics)
            yield Starlette(routes=Routes(models, predictor, settings.limits, metrics).routes), models
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            gc.unfreeze()


async def _watch(models: list[ServedModel], loader: Executor, metrics: Metrics, seconds: float) -> None:
    passed_over = [model.loaded for model in models]
    while True:
        await asyncio.sleep(seconds)
        try:
            await _refresh(models, loader, metrics)
        except Exception as error:  # a folder that cannot be read now may be read later
            _log.error("%s", error)
        if (loaded := [model.loaded for model in models]) != passed_over:
            passed_over = loaded
            _pass_over_what_is_loaded()


async def _refresh(models: list[ServedModel], loader: Executor, metrics: Metrics) -> None:
    for model in models:
        await model.refresh(loader)
        if model.newest is not None:
            metrics.served(model.name, model.newest)


def _pass_over_what_is_loaded() -> None:
    """Spare the garbage collector TensorFlow's objects, on which it stops all answers for 0.2 s at a time."""
    gc.unfreeze()
    gc.collect()  # versions that have ended
    gc.freeze()
