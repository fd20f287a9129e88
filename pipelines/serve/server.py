"""Run the server until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import socket
from asyncio import Protocol
from collections.abc import Generator
from pathlib import Path
from typing import cast

import uvicorn

from tfvae.core.errors import UnreadableFile
from tfvae.pipelines.serve.application import Settings, application
from tfvae.pipelines.serve.connections import Connection
from tfvae.pipelines.serve.served_model import ServedModel
from tfvae.pipelines.serve.signals import STOPS, ending_at_once

_GRACE_SECONDS = 30


def serve(folder: Path, host: str, port: int, settings: Settings, name: str | None) -> None:
    """Serve the models in a folder; SIGTERM and SIGINT let running requests finish, and return.

    While the models are loaded, these signals end the process at once, with status 143 or 130.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        host: address to listen at.
        port: port to listen at; 0 chooses a free one.
        settings: how to serve.
        name: the name of a single model; None means that of its folder.

    Raises:
        OSError: no model can be loaded, or the port is in use.
    """
    with ending_at_once():
        asyncio.run(_serve(folder, host, port, settings, name))


class _Server(uvicorn.Server):
    """A server that prints its addresses, and whose `serve` returns after a signal.

    Args:
        config: uvicorn's configuration.
        addresses: printed once requests are answered.
    """

    def __init__(self, config: uvicorn.Config, addresses: list[str]):
        super().__init__(config)
        self._addresses = addresses

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer requests."""
        await super().startup(sockets)
        print("\n".join(self._addresses), flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Let SIGTERM and SIGINT end `serve`; uvicorn would raise them again after it."""
        before = {stop: signal.signal(stop, self.handle_exit) for stop in STOPS}
        try:
            yield
        finally:
            for stop, handler in before.items():
                signal.signal(stop, handler)


async def _serve(folder: Path, host: str, port: int, settings: Settings, name: str | None) -> None:
    async with application(folder, settings, name) as (app, models):
        _check_served(folder, models)
        _configure_logging()
        with _listening(host, port) as listening:
            connection = functools.partial(Connection, settings.limits)
            config = uvicorn.Config(
                app,
                http=cast(type[Protocol], connection),  # uvicorn only calls it
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
            shown, port = listening.getsockname()[:2]
            addresses = [f"http://{shown}:{port}/v1/models/{model.name}" for model in models]
            await _Server(config, addresses).serve(sockets=[listening])


def _configure_logging() -> None:
    """Log new versions and errors from now on; an error before is printed once, as that of the command."""
    logging.basicConfig(level=logging.WARNING, format="tfvae: %(message)s")
    logging.getLogger("tfvae.serve").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # else a line for each request that is not HTTP


def _check_served(folder: Path, models: list[ServedModel]) -> None:
    """Raise unless there is a model, and a version of each that can be loaded."""
    if not models:
        reason = "it holds no folder whose name is an integer"
        raise UnreadableFile(folder, "a model, as VERSION/saved_model.pb", reason)
    for model in models:
        if model.newest is None:
            number, state = max(model.states.items())
            raise UnreadableFile(model.folder / str(number), "a SavedModel", state.message)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol by name: else asyncio delays small packets, 40 ms for an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise OSError(f"{host}:{port}: expected a free address and port, but {error.strerror}") from error
    return listening
