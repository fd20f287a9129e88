"""JSON values as arrays of one data type, by the rules of TensorFlow Serving.

Numbers stay apart as they were written: `5` is whole, `5.0` is not, and an input of integers takes only
the first. A list is flattened level by level and converted at once; only where that finds something wrong
are the values looked at one by one, for the message of the first that is.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json

import numpy as np
import tensorflow as tf

from tfvae.pipelines.serve.failure import Failure, invalid

_SHOWN = 512  # characters of a value in a message
_KINDS = {type(None): "Null", int: "Number", float: "Number", str: "String", list: "Array", dict: "Object"}
_WHOLE = (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64)
_DECIMAL = (tf.float32, tf.float64)


def array(value: object, dtype: tf.DType) -> np.ndarray:
    """Return a JSON value, a scalar or nested lists of one shape, as an array.

    Strings become an array of `bytes` objects. Integers beyond 64 bits are decimals.

    Args:
        value: what Python's `json` made of the text.
        dtype: float32, float64, bool, string, or an integer type.

    Raises:
        Failure: lists of unequal lengths, a value of another kind, a number that the type cannot hold.

    Example:
        >>> array([[1, 2.5], [3, 4]], tf.float32).shape
        (2, 2)
        >>> array([5, 5.0], tf.int32)
        Traceback (most recent call last):
        tfvae.pipelines.serve.failure.Failure: INVALID_ARGUMENT: JSON Value: 5.0 Type: Number is not of
        expected type: int32
    """
    flat = _flattened(value)
    if flat is not None:
        leaves, shape = flat
        converted = _converted(leaves, dtype)
        if converted is not None:
            if len(shape) > 32:
                raise invalid(f"Encountered list at unexpected level: {len(shape)} expected < 32")
            return converted.reshape(shape)
    raise _complaint(value, dtype)


def is_base64(value: object) -> bool:
    """Return whether an object stands for bytes, as `{"b64": "..."}`."""
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def shown(value: object) -> str:
    """Return a JSON value as text for a message, cut short where it is long."""
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


def _flattened(value: object) -> tuple[list, tuple[int, ...]] | None:
    """Return the leaves and the shape, or None where the lists are of unequal lengths or depths."""
    shape: list[int] = []
    level = [value]
    while level and type(level[0]) is list:
        if set(map(type, level)) != {list} or len(sizes := set(map(len, level))) != 1:
            return None
        shape.append(sizes.pop())
        level = list(itertools.chain.from_iterable(level))
    if any(kind is list for kind in set(map(type, level))):
        return None
    return level, tuple(shape)


def _converted(leaves: list, dtype: tf.DType) -> np.ndarray | None:
    """Return the leaves as one array, or None where one of them is not of the type."""
    kinds = set(map(type, leaves))
    if dtype in _DECIMAL and kinds <= {int, float}:
        return _decimals(leaves, kinds, dtype)
    if dtype in _WHOLE and kinds <= {int}:
        limits = np.iinfo(dtype.as_numpy_dtype)
        fits = not leaves or (limits.min <= min(leaves) and max(leaves) <= limits.max)
        return np.array(leaves, dtype.as_numpy_dtype) if fits else None
    if dtype == tf.bool and kinds <= {bool}:
        return np.array(leaves, bool)
    if dtype == tf.string and kinds <= {str, dict}:
        result = np.empty(len(leaves), object)
        result[:] = [_bytes(leaf) for leaf in leaves]
        return result
    return None


def _decimals(leaves: list, kinds: set[type], dtype: tf.DType) -> np.ndarray | None:
    try:
        values = np.array(leaves, np.float64)
    except OverflowError as error:
        raise invalid("JSON Parse error: Number too big to be stored in double.") from error
    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max(initial=0.0)
    exact = 2 ** (24 if dtype == tf.float32 else 53) - 1
    if largest > exact and int in kinds and any(_lossy(leaf, exact) for leaf in leaves):
        return None
    with np.errstate(over="ignore"):  # by what it rounds to: nine digits of the largest float32 exceed it
        too_large = np.isinf(dtype.as_numpy_dtype(largest))
    return None if too_large else values.astype(dtype.as_numpy_dtype)


def _lossy(number: int | float, exact: int) -> bool:
    """Return whether a number was written as a whole one, of 64 bits, that the decimal type may round."""
    return type(number) is int and exact < abs(number) and -(2**63) <= number < 2**64


def _bytes(leaf: str | dict) -> bytes:
    if type(leaf) is str:
        try:
            return leaf.encode()
        except UnicodeEncodeError as error:
            raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error
    if not is_base64(leaf):
        raise invalid(f"JSON Value: {shown(leaf)} not formatted correctly for base64 data")
    text = "".join(leaf["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def _complaint(value: object, dtype: tf.DType) -> Failure:
    """Return what is wrong with the first wrong value; depth first, as the lists are written."""
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
                    f"JSON Value: {shown(item)} found at incorrect level: {level + 1} in the JSON DOM."
                    f" Expected at level: {rank}"
                )
            try:
                if _converted([item], dtype) is None:
                    return _element_complaint(item, dtype)
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
    if dtype not in (*_WHOLE, *_DECIMAL, tf.bool, tf.string):  # an empty list of such a type
        return _element_complaint(value, dtype)
    raise AssertionError("the two ways of looking at a value disagree")


def _element_complaint(item: object, dtype: tf.DType) -> Failure:
    if dtype not in (*_WHOLE, *_DECIMAL, tf.bool, tf.string) and type(item) is not dict:
        message = f"Conversion of JSON Value: {shown(item)} to type: {type_name(dtype.name)}"
        return Failure("UNIMPLEMENTED", message)
    if dtype in _DECIMAL and type(item) in (int, float):
        return invalid(
            f"Cannot convert JSON value: {shown(item)} to {type_name(dtype.name)} without loss of precision."
        )
    kind = str(item) if type(item) is bool else _KINDS[type(item)]
    return invalid(f"JSON Value: {shown(item)} Type: {kind} is not of expected type: {type_name(dtype.name)}")


def type_name(name: str) -> str:
    """Return a type's name as TensorFlow's C++ parts write it."""
    return {"float16": "half", "float32": "float", "float64": "double"}.get(name, name)
