"""Run the server until it is told to stop."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import socket
from pathlib import Path

import uvicorn

from tfvae.core.errors import UnreadableFile
from tfvae.pipelines.serve.application import Settings, application
from tfvae.pipelines.serve.connections import Connection
from tfvae.pipelines.serve.servable import ServedModel

_GRACE_SECONDS = 30


def serve(folder: Path, host: str, port: int, settings: Settings, name: str | None) -> None:
    """Serve the models in a folder; SIGTERM and SIGINT let requests finish, and return.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        host: address to listen at.
        port: port to listen at; 0 is a free one.
        settings: how to serve.
        name: the name of a single model; None is its folder's.

    Raises:
        OSError: no model can be loaded, or the port is taken.
    """
    # uvicorn catches these while it serves, and raises them again when it has stopped: that is all then.
    before = {stop: signal.signal(stop, lambda *_: None) for stop in (signal.SIGTERM, signal.SIGINT)}
    try:
        asyncio.run(_serve(folder, host, port, settings, name))
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)


async def _serve(folder: Path, host: str, port: int, settings: Settings, name: str | None) -> None:
    async with application(folder, settings, name) as (app, models):
        _refuse_none(folder, models)
        _log_from_now_on()
        with _listening(host, port) as listening:
            config = uvicorn.Config(
                app,
                http=functools.partial(Connection, settings.limits),
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
            shown, port = listening.getsockname()[:2]
            for model in models:
                print(f"http://{shown}:{port}/v1/models/{model.name}", flush=True)
            await uvicorn.Server(config).serve(sockets=[listening])


def _log_from_now_on() -> None:
    """Show new versions and errors; what went wrong before is said once, as the command's own error."""
    logging.basicConfig(level=logging.WARNING, format="tfvae: %(message)s")
    logging.getLogger("tfvae.serve").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # else a line for each request that is no HTTP


def _refuse_none(folder: Path, models: list[ServedModel]) -> None:
    if not models:
        reason = "it holds no folder whose name is an integer"
        raise UnreadableFile(folder, "a model, as VERSION/saved_model.pb", reason)
    for model in models:
        if model.newest is None:
            number, state = max(model.states.items())
            raise UnreadableFile(model.folder / str(number), "a SavedModel", state.message)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by name: else asyncio leaves small packets waiting for each other, 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise OSError(f"{host}:{port}: expected a free address and port, but {error.strerror}") from error
    return listening
