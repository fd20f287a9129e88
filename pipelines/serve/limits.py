"""How much a server accepts: bytes and rows of a request, simultaneous requests, seconds for a body."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator

from starlette.requests import Request

from tfvae.pipelines.serve.content_encoding import decoder
from tfvae.pipelines.serve.failure import Failure


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits, which TensorFlow Serving does not have; beyond them, requests get errors in its form.

    Attributes:
        max_body_bytes: bytes of a request's body (413), as it is sent and after it is unpacked.
        max_instances: rows of a request (413).
        max_requests: simultaneous requests for predictions (503).
        max_total_bytes: bytes of the bodies of all simultaneous requests (503).
        body_seconds: seconds in which a body must arrive (408).
        header_seconds: seconds in which the header of a request must arrive; else the connection is closed.
        max_connections: simultaneous connections; those beyond are closed.
    """

    max_body_bytes: int = 16 * 2**20
    max_instances: int = 1_000
    max_requests: int = 256
    max_total_bytes: int = 128 * 2**20
    body_seconds: float = 30.0
    header_seconds: float = 10.0
    max_connections: int = 512


class RequestLimiter:
    """Counts the simultaneous requests and the bytes of their bodies.

    Args:
        limits: how many of each are accepted.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._requests = self._bytes = 0

    @contextlib.contextmanager
    def accept(self) -> Iterator[AcceptedRequest]:
        """Count one more request until the end of the context.

        Raises:
            Failure: there are too many.
        """
        if self._requests >= self._limits.max_requests:
            raise Failure("UNAVAILABLE", f"Expected at most {self._limits.max_requests} requests at a time")
        self._requests += 1
        accepted = AcceptedRequest(self, self._limits)
        try:
            yield accepted
        finally:
            self._requests -= 1
            self._bytes -= accepted.size

    def add_bytes(self, size: int) -> None:
        """Count bytes of a body.

        Args:
            size: number of bytes.

        Raises:
            Failure: there are too many.
        """
        if self._bytes + size > self._limits.max_total_bytes:
            raise Failure("UNAVAILABLE", "Too many bytes of requests are being processed")
        self._bytes += size


class AcceptedRequest:
    """A request that is counted.

    Args:
        limiter: counts the bytes of the body.
        limits: how large and how slow a body may be.

    Attributes:
        size: bytes of its body so far.
    """

    def __init__(self, limiter: RequestLimiter, limits: Limits):
        self._limiter, self._limits, self.size = limiter, limits, 0

    async def body(self, request: Request) -> bytes:
        """Return the body of a request, unpacked.

        Args:
            request: the request.

        Raises:
            Failure: the body is too long or too slow, or compressed in another way than by gzip.
        """
        length = request.headers.get("content-length", "0")
        if len(length) > 18 or int(length) > self._limits.max_body_bytes:
            raise self._too_long()
        unpacked, pieces = decoder(request.headers.get("content-encoding")), []
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for received in request.stream():
                    for piece in filter(None, unpacked.pieces(received)):
                        if self.size + len(piece) > self._limits.max_body_bytes:
                            raise self._too_long()
                        self._limiter.add_bytes(len(piece))
                        self.size += len(piece)
                        pieces.append(piece)
                        await asyncio.sleep(0)  # others' turn
        except TimeoutError as error:
            message = f"Expected the body within {self._limits.body_seconds:g} seconds"
            raise Failure("REQUEST_TIMEOUT", message) from error
        unpacked.finish()
        return b"".join(pieces)

    def _too_long(self) -> Failure:
        return Failure("CONTENT_TOO_LARGE", f"Expected a body of at most {self._limits.max_body_bytes} bytes")
