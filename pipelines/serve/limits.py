"""How much a server takes on: bytes and rows of a request, requests at a time, seconds for a body."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator

from starlette.requests import Request

from tfvae.pipelines.serve.failure import Failure


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits that TensorFlow Serving does not have; beyond them a request is refused, in its form of errors.

    Attributes:
        max_body_bytes: bytes of a request's body (413).
        max_instances: rows of a request (413).
        max_requests: requests for predictions at a time (503).
        max_bytes_at_a_time: bytes of all their bodies (503).
        body_seconds: seconds in which a body must arrive (408).
        header_seconds: seconds in which a request's first lines must arrive; the connection is closed.
        max_connections: connections at a time; those beyond it are closed.
    """

    max_body_bytes: int = 16 * 2**20
    max_instances: int = 1_000
    max_requests: int = 256
    max_bytes_at_a_time: int = 128 * 2**20
    body_seconds: float = 30.0
    header_seconds: float = 10.0
    max_connections: int = 512


class Gate:
    """Counts the requests that are being answered, and the bytes of their bodies."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._requests = self._bytes = 0

    @contextlib.contextmanager
    def admitted(self) -> Iterator[Admitted]:
        """Count one request more until the end.

        Raises:
            Failure: there are too many.
        """
        if self._requests >= self._limits.max_requests:
            raise Failure("UNAVAILABLE", f"Expected at most {self._limits.max_requests} requests at a time")
        self._requests += 1
        admitted = Admitted(self, self._limits)
        try:
            yield admitted
        finally:
            self._requests -= 1
            self._bytes -= admitted.size

    def add(self, size: int) -> None:
        """Count bytes of a body.

        Raises:
            Failure: there are too many.
        """
        if self._bytes + size > self._limits.max_bytes_at_a_time:
            raise Failure("UNAVAILABLE", "Too many bytes of requests are being worked on")
        self._bytes += size


class Admitted:
    """A request that was let in.

    Attributes:
        size: bytes of its body that were counted.
    """

    def __init__(self, gate: Gate, limits: Limits):
        self._gate, self._limits, self.size = gate, limits, 0

    async def body(self, request: Request) -> bytes:
        """Return the body of a request.

        Raises:
            Failure: it is too long, or too slow.
        """
        said = request.headers.get("content-length", "0")
        if len(said) > 18 or int(said) > self._limits.max_body_bytes:
            raise self._too_long()
        pieces = []
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for piece in request.stream():
                    if self.size + len(piece) > self._limits.max_body_bytes:
                        raise self._too_long()
                    self._gate.add(len(piece))
                    self.size += len(piece)
                    pieces.append(piece)
        except TimeoutError as error:
            message = f"Expected the body within {self._limits.body_seconds:g} seconds"
            raise Failure("REQUEST_TIMEOUT", message) from error
        return b"".join(pieces)

    def _too_long(self) -> Failure:
        return Failure("CONTENT_TOO_LARGE", f"Expected a body of at most {self._limits.max_body_bytes} bytes")
