"""The JSON object of a request as named arrays."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.json_arrays import array, is_base64, shortened
from tfvae.pipelines.serve.json_text import require_finite

if TYPE_CHECKING:
    from tfvae.core.types import Array


@dataclasses.dataclass(frozen=True)
class Request:
    """A request for predictions.

    Attributes:
        inputs: arrays by name.
        by_rows: whether it lists `instances`, so that the answer has to list `predictions`.
    """

    inputs: dict[str, Array]
    by_rows: bool

    @property
    def rows(self) -> int:
        """The length of the first axis; a scalar is one row."""
        return max(len(value) if value.ndim else 1 for value in self.inputs.values())

    @property
    def same_length(self) -> bool:
        """Whether all inputs have a first axis of the same length."""
        return len({value.shape[:1] for value in self.inputs.values()} | {(self.rows,)}) == 1


def signature_name(content: dict[str, Any]) -> str:
    """Return the name of the requested signature; the empty name is the default.

    Args:
        content: the body's JSON object.

    Raises:
        Failure: the name is no string.
    """
    name = content.get("signature_name", "")
    if type(name) is not str:
        raise invalid(
            f"JSON Value: {shortened(content)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return name or "serving_default"


def request(
    body: bytes,
    content: dict[str, Any],
    inputs: Mapping[str, tuple[tf.DType, tf.TensorShape]],
    max_instances: int,
) -> Request:
    """Return the arrays of a request in row form (`instances`) or column form (`inputs`).

    Args:
        body: the request's body, which is read again if a number is infinite that was not written so.
        content: the JSON object in it.
        inputs: data type and shape, including the batch, of each of the signature's inputs.
        max_instances: most instances of a request.

    Raises:
        Failure: an input is missing, or a value does not have its input's type or shape.
    """
    rows, columns = content.get("instances"), content.get("inputs")
    if "instances" in content and "inputs" in content:
        raise _invalid_content(
            content, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" in content:
        if type(rows) is not list:
            raise _invalid_content(content, "Excepting 'instances' to be an list/array")
        if not rows:
            raise _invalid_content(content, "No values in 'instances' array")
        _check_count(len(rows), max_instances)  # before they are converted
        arrays = _from_rows(rows, {name: dtype for name, (dtype, _) in inputs.items()})
    elif "inputs" in content:
        arrays = _from_columns(columns, {name: dtype for name, (dtype, _) in inputs.items()})
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    if any(value.dtype.kind == "f" and np.isinf(value).any() for value in arrays.values()):
        require_finite(body)
    for name, value in arrays.items():
        _check_shape(name, value, inputs[name][1])
    made = Request(arrays, "instances" in content)
    _check_count(made.rows, max_instances)
    return made


def _from_rows(rows: list[Any], types: Mapping[str, tf.DType]) -> dict[str, Array]:
    if len(types) > 1 and (type(rows[0]) is not dict or is_base64(rows[0])):
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as"
            " per tensorinfo_map"
        )
    objects = [type(row) is dict and not is_base64(row) for row in rows]
    if len(set(objects)) > 1:
        index = objects.index(not objects[0])
        kinds = ("object but got list", "value/list but got object")
        raise invalid(f"Expecting {kinds[not objects[0]]} at item {index} of input list")
    if not objects[0]:
        (name,) = types
        return {name: _stacked(rows, types[name], "")}
    if all(row.keys() == types.keys() for row in rows):
        return {name: _stacked([row[name] for row in rows], types[name], name) for name in types}
    index, row = next(pair for pair in enumerate(rows) if pair[1].keys() != types.keys())
    unknown = [name for name in row if name not in types]
    if unknown:
        reason = f"INVALID_ARGUMENT: JSON object: does not have named input: {unknown[0]}"
        raise _invalid_element(index, unknown[0], reason)
    raise invalid(
        f"Failed to process element: {index} of 'instances' list. JSON object: {shortened(row)}"
        f" keys must be equal to: {','.join(sorted(types))}"
    )


def _stacked(items: list[Any], dtype: tf.DType, key: str) -> Array:
    """Return an input's values of all instances as one array, or raise for the first wrong instance."""
    try:
        return array(items, dtype)
    except Failure as whole:
        shape = None
        for index, item in enumerate(items):
            try:
                value = array(item, dtype)
            except Failure as failure:
                raise _invalid_element(index, key, str(failure)) from failure
            if shape is None:
                shape = value.shape
            elif value.size != math.prod(shape):
                message = f"Expecting tensor size: {math.prod(shape)} but got: {value.size}"
                raise _invalid_element(index, key, f"INVALID_ARGUMENT: {message}") from whole
            elif value.shape != shape:
                message = f"Expecting shape {_listed(shape)} but got: {_listed(value.shape)}"
                raise _invalid_element(index, key, f"INVALID_ARGUMENT: {message}") from whole
        raise


def _from_columns(columns: Any, types: Mapping[str, tf.DType]) -> dict[str, Array]:
    if type(columns) is dict and not is_base64(columns):
        for name in types:
            if name not in columns:
                raise invalid(f"Missing named input: {name} in 'inputs' object.")
        return {name: array(columns[name], dtype) for name, dtype in types.items()}
    if len(types) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per"
            " tensorinfo_map"
        )
    ((name, dtype),) = types.items()
    return {name: array(columns, dtype)}


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise Failure("CONTENT_TOO_LARGE", f"Expected at most {most} instances but got: {count}")


def _check_shape(name: str, value: Array, shape: tf.TensorShape) -> None:
    if not shape.is_compatible_with(value.shape):
        expected = _listed("?" if size is None else size for size in shape)
        raise invalid(
            f"Shape of tensor {name} {_listed(value.shape)} is not compatible with expected shape {expected}."
        )


def _listed(sizes: Iterable[object]) -> str:
    return f"[{','.join(map(str, sizes))}]"


def _invalid_element(index: int, key: str, reason: str) -> Failure:
    named = f" key: {key}" if key else ""
    return invalid(f"Failed to process element: {index}{named} of 'instances' list. Error: {reason}")


def _invalid_content(content: dict[str, Any], reason: str) -> Failure:
    return invalid(f"JSON Value: {shortened(content)} {reason}")
