"""Named arrays as the body of an answer, written as TensorFlow Serving writes them.

A float is written with six digits if these identify it, else with as many as distinguish it from its
neighbors (9, or 17 for float64), and always with a point or an exponent. NaN and Infinity are written as
such, although JSON does not have them.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tfvae.pipelines.serve.failure import invalid
from tfvae.pipelines.serve.json_arrays import type_name

if TYPE_CHECKING:
    from tfvae.core.types import Array

_BLOCK = 4096  # floats that are written without a pause, between which other threads can run


def body(outputs: Mapping[str, Array], by_rows: bool) -> bytes:
    """Return the body of an answer: `predictions`, an item for each row, or `outputs`, a list for each name.

    A signature's only output is written without its name. Strings of an output whose name ends in `_bytes`
    are written as `{"b64": ...}`.

    Args:
        outputs: arrays by name; strings are arrays of `bytes` objects.
        by_rows: whether the request lists instances.

    Raises:
        Failure: an output without rows, or of a type that JSON does not have.

    Example:
        >>> body({"score": np.array([1.5, np.nan], "float32")}, by_rows=True)
        b'{"predictions": [1.5, NaN]}'
        >>> body({"mean": np.zeros((1, 2)), "count": np.array([3])}, by_rows=False)
        b'{"outputs": {"count": [3], "mean": [[0.0, 0.0]]}}'
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    names = sorted(outputs)
    if by_rows:
        _check_rows(outputs)
        columns = {name: _items(name, outputs[name], keep=1) for name in names}
        content = f'{{"predictions": [{", ".join(_rows(columns))}]}}'
    else:
        written = {name: _items(name, outputs[name], keep=0)[0] for name in names}
        content = f'{{"outputs": {_object(written) if len(names) > 1 else written[names[0]]}}}'
    return content.encode("utf-8", "surrogateescape")


def float_texts(values: Array) -> list[str]:
    """Return floats as text.

    Args:
        values: float32 or float64 [n].

    Example:
        >>> float_texts(np.array([0.1, 1 / 3, 100, 1e7, -np.inf], "float32"))
        ['0.1', '0.333333343', '100.0', '1e+07', '-Infinity']
    """
    blocks = (values[first : first + _BLOCK] for first in range(0, len(values), _BLOCK))
    return [text for block in blocks for text in _float_texts(block)]


def _float_texts(values: Array) -> list[str]:
    plain = values.tolist()
    texts = _formatted("%g", plain)
    back = np.array(list(map(float, texts))).astype(values.dtype)
    (inexact,) = np.nonzero(back != values)  # NaN is among these
    longer = _formatted("%.9g" if values.dtype == np.float32 else "%.17g", [plain[i] for i in inexact])
    for index, text in zip(inexact, longer, strict=True):
        texts[index] = text
    for index in np.flatnonzero(values == np.rint(values)):  # infinities are among these
        if not any(mark in texts[index] for mark in ".en"):
            texts[index] += ".0"
    for index in np.flatnonzero(~np.isfinite(values)):
        texts[index] = "NaN" if np.isnan(values[index]) else "Infinity" if values[index] > 0 else "-Infinity"
    return texts


def _formatted(form: str, values: list[float]) -> list[str]:
    return (f"{form} " * len(values) % tuple(values)).split()


def _check_rows(outputs: Mapping[str, Array]) -> None:
    expected = -1
    for name in sorted(outputs):
        value = outputs[name]
        if value.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if expected not in (-1, len(value)):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(value)} expecting: {expected}"
            )
        expected = len(value)


def _rows(columns: Mapping[str, list[str]]) -> list[str]:
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [_object(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _object(written: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in written.items()) + "}"


def _items(name: str, value: Array, keep: int) -> list[str]:
    """Return the texts of an array's slices along its first `keep` axes, in row-major order."""
    texts = _scalars(name, value.reshape(-1))
    for axis in reversed(range(keep, value.ndim)):
        size, count = value.shape[axis], math.prod(value.shape[:axis])
        texts = [f"[{', '.join(texts[i * size : (i + 1) * size])}]" for i in range(count)]
    return texts


def _scalars(name: str, values: Array) -> list[str]:
    if values.dtype in (np.float32, np.float64):
        return float_texts(values)
    if values.dtype.kind in "iu":
        return list(map(str, values.tolist()))
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind == "O" and name.endswith("_bytes"):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in values]
    if values.dtype.kind == "O":
        # Bytes that are not UTF-8 are sent unchanged.
        return [json.dumps(value.decode("utf-8", "surrogateescape"), ensure_ascii=False) for value in values]
    raise invalid(f"Failed to write JSON value for tensor type: {type_name(values.dtype.name)}")
