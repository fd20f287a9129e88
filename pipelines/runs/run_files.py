"""The JSON files of a run's folder, checked when they are read: a person may have changed them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from tfvae.core.errors import UnreadableFile

# What a key must hold, in words, and whether a value is that.
Check: TypeAlias = "tuple[str, Callable[[Any], bool]]"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are(kind: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(kind, value))


def _is_estimate(value: Any) -> bool:
    if not isinstance(value, dict) or not _is_number(value.get("mean")):
        return False
    error = value.get("standard_error")
    return error is None or _is_number(error)


_TEXT: Check = ("a text", _is_text)
_COUNT: Check = ("an integer of at least 0", _is_count)
_NUMBER: Check = ("a number", _is_number)
_OBJECT: Check = ("an object", lambda value: isinstance(value, dict))
_NUMBERS: Check = ("a list of numbers", lambda value: _are(_is_number, value))
_ESTIMATE: Check = ("a mean and a standard error", _is_estimate)
_TEXTS: Check = (
    "an object of texts",
    lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
)
_SHAPE: Check = ("a list of integers above 0", lambda value: _are(lambda n: _is_count(n) and n > 0, value))

CONFIG: dict[str, Check] = {
    "recipe": _TEXT,
    "options": _OBJECT,
    "data": _TEXT,
    "shape": _SHAPE,
    "training": _OBJECT,
    "versions": _TEXTS,
}
CONFIG_IF_THERE: dict[str, Check] = {
    "size": ("an integer or null", lambda v: v is None or _is_count(v)),
    "machine": _TEXTS,
}
TRAINING: dict[str, Check] = {"validation": _NUMBER, "seed": _COUNT}
FAILURE: dict[str, Check] = {"error": _TEXT}
STANDARDIZATION: dict[str, Check] = {"offset": _NUMBERS, "scale": _NUMBERS}
EVALUATION: dict[str, Check] = {
    "part": _TEXT,
    "examples": _COUNT,
    "samples": _COUNT,
    "active_units": _COUNT,
    "latent_dim": _COUNT,
}
EVALUATION_IF_THERE: dict[str, Check] = {
    "distortion": _ESTIMATE,
    "elbo": _ESTIMATE,
    "log_likelihood": _ESTIMATE,
    "wrong_classes": (
        "a mean, a standard error and a number of labels",
        lambda value: _is_estimate(value) and _is_count(value.get("labels")),
    ),
    "layer_rates": _NUMBERS,
    "rate": ("a number or null", lambda value: value is None or _is_number(value)),
    "latent_space": _TEXT,
}


def read_json_object(
    path: Path, required: dict[str, Check], if_there: dict[str, Check] | None = None
) -> dict[str, Any]:
    """Read an object from a JSON file.

    Args:
        path: the file.
        required: what its keys must hold.
        if_there: what keys hold that may be missing.

    Raises:
        UnreadableFile: the file is no JSON, or a key is missing or holds something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise UnreadableFile(path, "JSON", "it is nested too deeply") from None
    except ValueError as error:  # no JSON, or no text
        raise UnreadableFile(path, "JSON", error) from None
    if not isinstance(values, dict):
        raise UnreadableFile(path, "a JSON object", f"it holds a {type(values).__name__}")
    check(path, values, required, if_there)
    return values


def check(
    path: Path,
    values: dict[str, Any],
    required: dict[str, Check],
    if_there: dict[str, Check] | None = None,
) -> None:
    """Raise for an object of a JSON file that does not hold what it should.

    Args:
        path: the file.
        values: the object.
        required: what its keys must hold.
        if_there: what keys hold that may be missing.

    Raises:
        UnreadableFile: a key is missing or holds something else.
    """
    for key, (expected, holds) in {**required, **(if_there or {})}.items():
        if key not in values:
            if key in required:
                raise UnreadableFile(path, f"the keys {', '.join(required)}", f"{key} is missing")
        elif not holds(values[key]):
            received = json.dumps(values[key])[:80]
            raise UnreadableFile(path, f"{expected} as {key}", f"it holds {received}")
