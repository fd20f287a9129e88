"""The body of a request as it was before it was compressed, for `Content-Encoding: gzip`."""

from __future__ import annotations

import abc
import zlib
from collections.abc import Iterator
from typing import final

from tfvae.pipelines.serve.failure import Failure, invalid

_PIECE = 2**18  # bytes that are unpacked without a pause
_GZIP = 16 + zlib.MAX_WBITS


class Decoder(abc.ABC):
    """Gives a body back, piece by piece; abstract."""

    @abc.abstractmethod
    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces of the body, each of a bounded size relative to the data.

        Args:
            data: the next bytes of the request.

        Raises:
            Failure: the data is damaged.
        """

    @abc.abstractmethod
    def finish(self) -> None:
        """Raise for a body that has not ended.

        Raises:
            Failure: data is missing.
        """


@final
class Identity(Decoder):
    """A body that is not compressed."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield the data."""
        yield data

    def finish(self) -> None:
        """Do nothing: any data is complete."""


@final
class Gzip(Decoder):
    """A body that is one or more gzip members.

    Example:
        >>> import gzip
        >>> body = Gzip()
        >>> b"".join(body.pieces(gzip.compress(b"{}")))
        b'{}'
    """

    def __init__(self):
        self._member, self._begun = zlib.decompressobj(_GZIP), False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield at most `_PIECE` bytes at a time, so that the caller can stop a bomb."""
        while data:
            if self._member.eof:
                self._member, self._begun = zlib.decompressobj(_GZIP), False
            self._begun = True
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise _damaged(str(error)) from error
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            yield piece

    def finish(self) -> None:
        """Raise for a body that ends within a member."""
        if not (self._begun and self._member.eof):
            raise _damaged("it ends too early")


def decoder(encoding: str | None) -> Decoder:
    """Return the decoder of a `Content-Encoding`.

    Args:
        encoding: value of the header; None without one.

    Raises:
        Failure: an encoding other than gzip.

    Example:
        >>> type(decoder("GZip")).__name__
        'Gzip'
    """
    name = (encoding or "identity").strip().lower()
    if name in ("", "identity"):
        return Identity()
    if name in ("gzip", "x-gzip"):
        return Gzip()
    raise Failure("UNSUPPORTED_MEDIA_TYPE", f"Expected Content-Encoding gzip or none but got: {name[:60]}")


def _damaged(reason: str) -> Failure:
    return invalid(f"Failed to unpack the gzip body: {reason}")
