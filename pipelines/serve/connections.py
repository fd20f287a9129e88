"""HTTP connections that silent clients cannot hold forever, nor keep others from having."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tfvae.pipelines.serve.limits import Limits


class Connection(H11Protocol):
    """A connection that is closed if it brings no request, or reads nothing of an answer, for too long.

    With too many connections, the one that has been idle for longest is closed; if none is idle, the new one.
    A client that has closed its side is still answered what it has asked for.

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
        self._idle_since = 0.0
        self._half_closed = False

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being read or answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the timer for a request, and close a connection if there are too many."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._start_timer(self._limits.header_seconds)
        if len(self.connections) > self._limits.max_connections:
            open_ones = (each for each in self.connections if isinstance(each, Connection))
            idle = [each for each in open_ones if each._is_idle and not each.transport.is_closing()]
            others = [each for each in idle if each is not self]
            min(others, key=lambda each: each._idle_since, default=self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def eof_received(self) -> bool:
        """Keep the connection of a client that sends no more, but waits for an answer."""
        self._half_closed = True
        return not self._is_idle and not self.cycle.more_body

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
        self._idle_since = self.loop.time()
        self._start_timer(self._limits.header_seconds)
        super().on_response_complete()  # which begins the next request if it has arrived
        if self._half_closed and self._is_idle and not self.transport.is_closing():
            self.transport.close()

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
