"""What a user hands to a model, checked: names, shapes, numbers, and values inside the support.

Arrays are checked before anything is computed; data sets batch by batch as they are read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy
from tfvae.core.support import ColumnSupports, Support
from tfvae.core.types import ArrayLike, Inputs, Shape, Tensor, Tensors

_CHUNK = 8192


@dataclasses.dataclass(frozen=True)
class Input:
    """What a model takes under one name.

    Attributes:
        shape: shape of one example.
        support: the values it can have.
        default: the value that stands for it everywhere where a user leaves it out; None is that it must
            be there.
    """

    shape: Shape
    support: Support | ColumnSupports = dataclasses.field(default_factory=Support)
    default: float | None = None


def as_dict(inputs: Any, accepts: dict[str, Input]) -> dict[str, Any]:
    """Return a dict with the names that the model accepts; an array alone goes by the first of them."""
    if not isinstance(inputs, Mapping):
        inputs = {next(iter(accepts)): inputs}
    required = [name for name, expected in accepts.items() if expected.default is None]
    if any(name not in inputs for name in required):
        raise InvalidInput("inputs", f"a dict with {str(required)[1:-1]}", f"one with {list(inputs)}")
    unknown = sorted(set(inputs) - set(accepts))
    if unknown:
        raise InvalidInput("inputs", f"no other names than {list(accepts)}", unknown)
    named = {name: inputs[name] for name in accepts if name in required or inputs.get(name) is not None}
    if not named:
        raise InvalidInput("inputs", f"at least one of {list(accepts)}", "none")
    return named


def as_tensors(inputs: Inputs, accepts: dict[str, Input]) -> Tensors:
    """Return a float32 tensor for every name that the model accepts, defaults where none is given."""
    named = as_dict(inputs, accepts)
    tensors = {name: as_tensor(name, value, accepts[name].shape) for name, value in named.items()}
    batch = batch_size(tensors)
    for name, expected in accepts.items():
        if name not in tensors:
            tensors[name] = tf.fill((batch, *expected.shape), tf.constant(expected.default, tf.float32))
    return tensors


def batch_size(inputs: Tensors) -> Tensor:
    """Return the number of examples of named tensors."""
    return tf.shape(next(iter(inputs.values())))[0]


def to_arrays(argument: str, inputs: Inputs, accepts: dict[str, Input]) -> dict[str, Any]:
    """Return named arrays, checked: their number of examples, dtype, shape, and every value.

    Args:
        argument: what errors call the first of the names.
        inputs: an array, or a dict of arrays; tensors of a graph are passed on, their values unchecked.
        accepts: what the model takes.

    Raises:
        InvalidInput: for arrays that are empty, differ in length, or have a wrong dtype, shape or value.
    """
    titles = {name: argument if name == next(iter(accepts)) else name for name in accepts}
    arrays = {name: to_array(titles[name], value) for name, value in as_dict(inputs, accepts).items()}
    if any(is_symbolic(array) for array in arrays.values()):
        return arrays
    for name, array in arrays.items():
        check_array(titles[name], array, accepts[name].shape, accepts[name].support)
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InvalidInput("inputs", "as many examples under each name", counts)
    return arrays


def is_symbolic(value: Any) -> bool:
    """Return whether a value is a tensor of a graph, whose numbers are not there yet."""
    return tf.is_tensor(value) and tf.is_symbolic_tensor(value)


def as_tensor(argument: str, value: ArrayLike, event_shape: Shape) -> Tensor:
    """Return a float32 tensor [B, *event_shape].

    Raises:
        InvalidInput: for another dtype or shape.
    """
    array = to_array(argument, value)
    if is_symbolic(array):
        return tf.cast(tf.ensure_shape(array, (None, *event_shape)), tf.float32)
    check_shape(argument, tuple(array.shape), event_shape)
    return tf.cast(array, tf.float32)


def check_shape(argument: str, shape: tuple, event_shape: Shape) -> None:
    """Reject a shape other than (batch, *event_shape); None matches any size."""
    fits = len(shape) == 1 + len(event_shape) and all(
        received in (None, expected) for received, expected in zip(shape[1:], event_shape, strict=True)
    )
    if not fits:
        raise InvalidInput(argument, f"shape (batch, {', '.join(map(str, event_shape))})", shape)


def check_array(
    argument: str, value: ArrayLike, event_shape: Shape, support: Support | ColumnSupports
) -> None:
    """Reject an array, or eager tensor, that is empty or has a wrong dtype, shape or value."""
    array = to_array(argument, value)
    check_shape(argument, tuple(array.shape), event_shape)
    if array.shape[0] == 0:
        raise InvalidInput(argument, "at least one example", f"shape {tuple(array.shape)}")
    for start in range(0, array.shape[0], _CHUNK):  # a memory-mapped array stays on disk
        chunk = np.asarray(array[start : start + _CHUNK])
        for part, values in support.parts(chunk):
            if not part.contains(values):
                raise InvalidInput(argument, str(part), _describe(part, values, start))


def never_observed(x: np.ndarray) -> list[list[int]]:
    """Return where in an example, by index, an array is NaN in all examples.

    Example:
        >>> never_observed(np.array([[1.0, np.nan], [np.nan, np.nan]]))
        [[1]]
    """
    absent = True
    for start in range(0, len(x), _CHUNK):
        absent &= np.isnan(np.asarray(x[start : start + _CHUNK], "float32")).all(axis=0)
        if not np.any(absent):
            break
    return np.argwhere(absent).tolist()


def in_batches(inputs: dict, batch_size: int) -> Iterator[dict]:
    """Yield consecutive slices of at most `batch_size` examples."""
    for start in range(0, int(next(iter(inputs.values())).shape[0]), batch_size):
        yield {name: value[start : start + batch_size] for name, value in inputs.items()}


def to_array(argument: str, value: Any) -> np.ndarray | Tensor:
    """Return numbers as an array, or a tensor unchanged, with NaN where a value is masked or NA.

    Taken are arrays, lists, tensors, NumPy's masked arrays, and data frames and series of pandas or polars.

    Raises:
        InvalidInput: for sparse matrices, sparse and ragged tensors, and what holds no numbers.

    Example:
        >>> to_array("x", np.ma.masked_array([1, 2], mask=[False, True]))
        array([ 1., nan])
    """
    if isinstance(value, tf.SparseTensor | tf.RaggedTensor):
        raise InvalidInput(argument, "a dense array or tensor", f"a {type(value).__name__}")
    array: Any = value if tf.is_tensor(value) else as_numpy(argument, value)
    dtype = tf.as_dtype(array.dtype) if array.dtype != object else tf.string
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise InvalidInput(argument, "an array of numbers", f"dtype {array.dtype}")
    return array


def _describe(support: Support, chunk: np.ndarray, start: int) -> str:
    finite = np.isfinite(chunk)
    bad = ~finite & ~np.isnan(chunk) if support.missing else ~finite
    if bad.any():
        kind = "infinite" if support.missing else "NaN or infinite"
        return f"{int(bad.sum())} {kind} values, the first in example {start + _first_row(bad)}"
    misplaced = "".join(
        f", with {what} first in example {start + _first_row(marked)}"
        for what, marked in support.invalid_missing(chunk).items()
        if marked.any()
    )
    values = chunk[finite]
    if not values.size:
        return "NaN alone" + misplaced
    text = f"values from {values.min():g} to {values.max():g}"
    if support.integer:
        fractions = finite & (chunk != np.floor(chunk))
        if fractions.any():
            text += f", with a fraction first in example {start + _first_row(fractions)}"
    return text + misplaced


def _first_row(marked: np.ndarray) -> int:
    return int(np.argwhere(marked)[0][0])
