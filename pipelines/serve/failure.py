"""A request that fails: a canonical status code, as in gRPC and TensorFlow, and one message."""

from __future__ import annotations

import json
import re

_HTTP = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
    # This server's own: TensorFlow Serving has no such limits.
    "CONTENT_TOO_LARGE": 413,
    "REQUEST_TIMEOUT": 408,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}
_GRAPH_LOCATION = re.compile(r"\AGraph execution error:.*?<stack traces unavailable>\n", re.DOTALL)
_NAMES = list(_HTTP)  # numbered by TensorFlow in this order, from 1, but for the last ones
_BY_NUMBER = dict(enumerate(_NAMES[:15], start=1)) | {16: "UNAUTHENTICATED"}


class Failure(Exception):
    """An error that is answered to the client.

    Args:
        code: a canonical status code, such as `INVALID_ARGUMENT`.
        message: the error message.

    Example:
        >>> Failure("NOT_FOUND", "no such model").http_status
        404
    """

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message

    @property
    def http_status(self) -> int:
        """The status of the HTTP answer."""
        return _HTTP[self.code]

    @property
    def body(self) -> bytes:
        """The body of the HTTP answer."""
        return json.dumps({"error": self.message}).encode()

    @classmethod
    def of_tensorflow(cls, code: int, message: str) -> Failure:
        r"""Return the failure of a TensorFlow error, without its location in the graph.

        Args:
            code: TensorFlow's number of the status.
            message: TensorFlow's message.

        Example:
            >>> text = "Graph execution error:\n\nnode A\n<stack traces unavailable>\nno x\n\t [[{{node A}}]]"
            >>> Failure.of_tensorflow(3, text).message
            'no x'
        """
        message = _GRAPH_LOCATION.sub("", message).partition("\n\t [[{{node")[0]
        return cls(_BY_NUMBER.get(code, "UNKNOWN"), message)


def invalid(message: str) -> Failure:
    """Return the failure of a request that can never succeed.

    Args:
        message: the error message.
    """
    return Failure("INVALID_ARGUMENT", message)
