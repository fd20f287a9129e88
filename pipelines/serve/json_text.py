"""The text of a request as a JSON value.

It is read by Python's `json`, which distinguishes integers and floats, accepts NaN and Infinity, and can stop
after the first value: what follows it is ignored, as in TensorFlow Serving. Python's decoder keeps all other
threads waiting until it has read a value; of a long text it is therefore given one row after another.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.json_arrays import shortened

_SPACE = " \t\n\r"
_TOO_BIG = "JSON Parse error: Number too big to be stored in double."
_AT_ONCE = 2**16  # characters that are read without a pause
_DEPTH = 3  # {"inputs": {"x": [row, ...]}}
_MOST = 10_000  # rows that are read one after another
_skipped = re.compile(r"[ \t\n\r]*").match


def document(body: bytes) -> dict[str, Any]:
    """Return the JSON object at the beginning of a body.

    Args:
        body: the request's body.

    Raises:
        Failure: the text is no JSON, or its first value is no object.

    Example:
        >>> document(b'{"instances": [NaN, 1, 1.0]} and more')
        {'instances': [nan, 1, 1.0]}
        >>> document(b"")
        Traceback (most recent call last):
        tfvae.pipelines.serve.failure.Failure: INVALID_ARGUMENT: JSON Parse error: The document is empty
    """
    value = _first_value(_text(body))
    if type(value) is not dict:
        raise invalid(f"JSON Value: {shortened(value)} Is not object")
    return value


def require_finite(body: bytes) -> None:
    """Raise for a number that is infinite although it was not written so.

    Args:
        body: a request's body, which is read again.

    Raises:
        Failure: there is such a number.
    """
    _first_value(_text(body), strictly=True)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Bytes after the first value are ignored, whatever they are.
        text = body[: error.start].decode("utf-8-sig")
        try:
            _first_value(text)
        except Failure:
            message = f"JSON Parse error: Invalid encoding in string. at offset: {error.start}"
            raise invalid(message) from error
        return text


def _first_value(text: str, strictly: bool = False) -> Any:
    start = len(text) - len(text.lstrip(_SPACE))
    if start == len(text):
        raise invalid("JSON Parse error: The document is empty")
    if len(text) > _AT_ONCE and not strictly:
        try:
            return _in_pieces(text, start, _DEPTH)[0]
        except (_Other, ValueError, RecursionError):
            pass  # read at once, for the value or the message
    decoder = json.JSONDecoder(parse_float=_finite) if strictly else _DECODER
    try:
        return decoder.raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg}. at offset: {error.pos}") from error
    except RecursionError as error:
        raise invalid("JSON Parse error: Nested too deeply.") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise invalid(_TOO_BIG) from error


_DECODER = json.JSONDecoder()


class _Other(Exception):
    """A text that is not read in pieces: another form than a request's, or no JSON."""


def _in_pieces(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Return the value at a position of a text and its end; containers within others are read singly.

    Raises:
        _Other: the text has another form.
        ValueError: a piece is no JSON.
    """
    opening = text[at : at + 1]
    inner = _after_space(text, at + 1)
    if depth and opening == "{" and text[inner : inner + 1] == '"':
        return _object(text, inner, depth)
    if depth and opening == "[" and text[inner : inner + 1] in ("[", "{"):
        return _list(text, inner, depth)
    return _DECODER.raw_decode(text, at)


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        if text[at : at + 1] != '"':
            raise _Other
        key, at = _DECODER.raw_decode(text, at)
        at = _after_space(text, at)
        if text[at : at + 1] != ":":
            raise _Other
        found[key], at = _in_pieces(text, _after_space(text, at + 1), depth - 1)
        at = _after_space(text, at)
        if text[at : at + 1] == "}":
            return found, at + 1
        if text[at : at + 1] != "," or len(found) > _MOST:
            raise _Other
        at = _after_space(text, at + 1)


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        if text[at : at + 1] not in ("[", "{"):
            raise _Other
        value, at = _in_pieces(text, at, depth - 1)
        found.append(value)
        at = _after_space(text, at)
        if text[at : at + 1] == "]":
            return found, at + 1
        if text[at : at + 1] != "," or len(found) > _MOST:
            raise _Other
        at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    match = _skipped(text, at)
    return at if match is None else match.end()


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise invalid(_TOO_BIG)
    return value
