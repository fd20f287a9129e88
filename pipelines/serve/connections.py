"""HTTP connections that a silent client cannot hold forever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tfvae.pipelines.serve.limits import Limits


class Connection(H11Protocol):
    """A connection that is closed if it brings no request, or reads nothing of an answer, for too long.

    Args:
        limits: seconds, and number of connections.
        config: uvicorn's configuration.
        server_state: uvicorn's state, with all connections.
        app_state: state of the ASGI application.
        _loop: event loop; None means the current one.
    """

    def __init__(
        self,
        limits: Limits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ):
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the timer for a request, or close at once if there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            transport.abort()
        else:
            self._start_timer(self._limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Stop the timer once a request has begun."""
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timer()
        elif self._timer is None:
            self._start_timer(self._limits.header_seconds)

    def on_response_complete(self) -> None:
        """Start the timer for the next request; the rest of a rejected body has to arrive within it."""
        self._stop_timer()
        self._start_timer(self._limits.header_seconds)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Start the timer for the client to read."""
        super().pause_writing()
        self._stop_timer()
        self._start_timer(self._limits.body_seconds)

    def resume_writing(self) -> None:
        """Stop the timer."""
        super().resume_writing()
        self._stop_timer()

    def _start_timer(self, seconds: float) -> None:
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
