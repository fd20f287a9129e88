"""HTTP connections that cannot be held for ever by a client that says or reads nothing."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from tfvae.pipelines.serve.limits import Limits


class Connection(H11Protocol):
    """A connection that is closed when it brings no request, or takes nothing of an answer, for too long.

    Args:
        limits: seconds, and connections at a time.
        arguments: uvicorn's own.
    """

    def __init__(self, limits: Limits, **arguments: object):
        super().__init__(**arguments)
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start to wait for a request, or close at once where there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            transport.abort()
        else:
            self._wait(self._limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Wait no more once a request has begun."""
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        elif self._timer is None:
            self._wait(self._limits.header_seconds)

    def on_response_complete(self) -> None:
        """Wait for the next request; the rest of a body that was refused is part of the waiting."""
        self._wait_no_more()
        self._wait(self._limits.header_seconds)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._wait_no_more()
        self._wait(self._limits.body_seconds)

    def resume_writing(self) -> None:
        """Wait no more."""
        super().resume_writing()
        self._wait_no_more()

    def _wait(self, seconds: float) -> None:
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
