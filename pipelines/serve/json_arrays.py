"""JSON values as arrays of one data type, by the rules of TensorFlow Serving.

Numbers are distinguished by how they are written: `5` is an integer, `5.0` is not, and an input of integers
accepts only the first. A list is flattened level by level and converted at once; only if that fails are the
values checked one by one, for the message about the first wrong one.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import tensorflow as tf

from tfvae.pipelines.serve.failure import Failure, invalid

if TYPE_CHECKING:
    from tfvae.core.types import Array

_SHOWN = 512  # characters of a value in a message
_ROWS = 32  # that are converted without a pause
_KINDS = {type(None): "Null", int: "Number", float: "Number", str: "String", list: "Array", dict: "Object"}
_INTEGERS = (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64)
_FLOATS = (tf.float32, tf.float64)


def array(value: Any, dtype: tf.DType) -> Array:
    """Return a JSON value, a scalar or nested lists of one shape, as an array.

    Strings become an array of `bytes` objects. Integers beyond 64 bits count as floats.

    Args:
        value: as Python's `json` reads it.
        dtype: float32, float64, bool, string, or an integer type.

    Raises:
        Failure: lists of unequal lengths, a value of another type, a number that the type cannot hold.

    Example:
        >>> array([[1, 2.5], [3, 4]], tf.float32).shape
        (2, 2)
        >>> array([5, 5.0], tf.int32)
        Traceback (most recent call last):
        tfvae.pipelines.serve.failure.Failure: INVALID_ARGUMENT: JSON Value: 5.0 Type: Number is not of
        expected type: int32
    """
    converted = _in_blocks(value, dtype)
    if converted is None:
        raise _first_error(value, dtype)
    return converted


def is_base64(value: Any) -> TypeGuard[dict[str, str]]:
    """Return whether a JSON value stands for bytes, as `{"b64": "..."}`.

    Args:
        value: the value.
    """
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def shortened(value: Any) -> str:
    """Return a JSON value as text for a message, at most 512 characters.

    Args:
        value: the value.
    """
    pieces, length = [], 0
    try:
        for piece in json.JSONEncoder(indent=4).iterencode(value):
            pieces.append(piece[:_SHOWN])
            length += len(piece)
            if length > _SHOWN:
                return "".join(pieces)[:_SHOWN] + "..."
    except RecursionError:
        return "".join(pieces) + "..."
    return "".join(pieces)


def _in_blocks(value: Any, dtype: tf.DType) -> Array | None:
    """Return a value as an array, converted some rows at a time, between which other threads can run.

    None if the lists have unequal lengths or depths, or an element is not of the type.
    """
    if type(value) is not list or len(value) <= _ROWS or type(value[0]) is not list:
        return _at_once(value, dtype)
    blocks = []
    for first in range(0, len(value), _ROWS):
        block = _at_once(value[first : first + _ROWS], dtype)
        if block is None or block.shape[1:] != (block if not blocks else blocks[0]).shape[1:]:
            return None
        blocks.append(block)
    return np.concatenate(blocks)


def _at_once(value: Any, dtype: tf.DType) -> Array | None:
    flat = _flattened(value)
    if flat is None:
        return None
    elements, shape = flat
    converted = _converted(elements, dtype)
    if converted is None:
        return None
    if len(shape) > 32:
        raise invalid(f"Encountered list at unexpected level: {len(shape)} expected < 32")
    return converted.reshape(shape)


def _flattened(value: Any) -> tuple[list, tuple[int, ...]] | None:
    """Return the elements and the shape, or None if the lists have unequal lengths or depths."""
    shape: list[int] = []
    level: list[Any] = [value]
    while level and type(level[0]) is list:
        if set(map(type, level)) != {list} or len(sizes := set(map(len, level))) != 1:
            return None
        shape.append(sizes.pop())
        level = list(itertools.chain.from_iterable(level))
    if any(kind is list for kind in set(map(type, level))):
        return None
    return level, tuple(shape)


def _converted(elements: list[Any], dtype: tf.DType) -> Array | None:
    """Return the elements as one array, or None if one of them is not of the type."""
    kinds = set(map(type, elements))
    if dtype in _FLOATS and kinds <= {int, float}:
        return _floats(elements, kinds, dtype)
    if dtype in _INTEGERS and kinds <= {int}:
        limits = np.iinfo(dtype.as_numpy_dtype)
        fits = not elements or (limits.min <= min(elements) and max(elements) <= limits.max)
        return np.array(elements, dtype.as_numpy_dtype) if fits else None
    if dtype == tf.bool and kinds <= {bool}:
        return np.array(elements, bool)
    if dtype == tf.string and kinds <= {str, dict}:
        result = np.empty(len(elements), object)
        result[:] = [_bytes(element) for element in elements]
        return result
    return None


def _floats(elements: list[Any], kinds: set[type], dtype: tf.DType) -> Array | None:
    try:
        values = np.array(elements, np.float64)
    except OverflowError as error:
        raise invalid("JSON Parse error: Number too big to be stored in double.") from error
    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max(initial=0.0)
    exact = 2 ** (24 if dtype == tf.float32 else 53) - 1
    if largest > exact and int in kinds and any(_lossy(element, exact) for element in elements):
        return None
    with np.errstate(over="ignore"):  # after rounding: float32's largest with nine digits exceeds it
        too_large = np.isinf(dtype.as_numpy_dtype(largest))
    return None if too_large else values.astype(dtype.as_numpy_dtype)


def _lossy(number: int | float, exact: int) -> bool:
    """Return whether a number was written as an integer, of 64 bits, that the float type may round."""
    return type(number) is int and exact < abs(number) and -(2**63) <= number < 2**64


def _bytes(element: str | dict[str, Any]) -> bytes:
    if isinstance(element, str):
        try:
            return element.encode()
        except UnicodeEncodeError as error:
            raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error
    if not is_base64(element):
        raise invalid(f"JSON Value: {shortened(element)} not formatted correctly for base64 data")
    text = "".join(element["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def _first_error(value: Any, dtype: tf.DType) -> Failure:
    """Return the failure of the first wrong value; depth first, in the order of the text."""
    shape, first = [], value
    while type(first) is list:
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    rank = len(shape)
    waiting = [(value, 0)]
    while waiting:
        item, level = waiting.pop()
        if type(item) is not list:
            if level != rank:
                return invalid(
                    f"JSON Value: {shortened(item)} found at incorrect level: {level + 1} in the JSON DOM."
                    f" Expected at level: {rank}"
                )
            try:
                if _converted([item], dtype) is None:
                    return _element_error(item, dtype)
            except Failure as failure:
                return failure
        elif level >= rank:
            return invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
        elif len(item) != shape[level]:
            return invalid(
                f"Encountered list at unexpected size: {len(item)} at level: {level}"
                f" expected size: {shape[level]}"
            )
        else:
            waiting.extend((part, level + 1) for part in reversed(item))
    if dtype not in (*_INTEGERS, *_FLOATS, tf.bool, tf.string):  # an empty list of such a type
        return _element_error(value, dtype)
    raise AssertionError("the two checks of a value disagree")


def _element_error(item: Any, dtype: tf.DType) -> Failure:
    text, expected = shortened(item), type_name(dtype.name)
    if dtype not in (*_INTEGERS, *_FLOATS, tf.bool, tf.string) and type(item) is not dict:
        return Failure("UNIMPLEMENTED", f"Conversion of JSON Value: {text} to type: {expected}")
    if dtype in _FLOATS and type(item) in (int, float):
        return invalid(f"Cannot convert JSON value: {text} to {expected} without loss of precision.")
    kind = str(item) if type(item) is bool else _KINDS[type(item)]
    return invalid(f"JSON Value: {text} Type: {kind} is not of expected type: {expected}")


def type_name(name: str) -> str:
    """Return a data type's name as TensorFlow's C++ code writes it.

    Args:
        name: as NumPy writes it.
    """
    return {"float16": "half", "float32": "float", "float64": "double"}.get(name, name)
