"""What a user hands to a model, checked: names, shapes, numbers, and values inside the support.

Arrays are checked before anything is computed; data sets batch by batch as they are read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.support import ColumnSupports, RowSupport, Support

_MARK = "<tfvae-input>"
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

    shape: tuple[int, ...]
    support: Support | ColumnSupports = dataclasses.field(default_factory=Support)
    default: float | None = None


def as_dict(inputs: object, accepts: dict[str, Input]) -> dict:
    """Return a dict with the names that the model accepts; an array alone goes by the first of them."""
    if not isinstance(inputs, dict):
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


def as_tensors(inputs: object, accepts: dict[str, Input]) -> dict[str, tf.Tensor]:
    """Return a float32 tensor for every name that the model accepts, defaults where none is given."""
    named = as_dict(inputs, accepts)
    tensors = {name: as_tensor(name, value, accepts[name].shape) for name, value in named.items()}
    batch = batch_size(tensors)
    for name, expected in accepts.items():
        if name not in tensors:
            tensors[name] = tf.fill((batch, *expected.shape), tf.constant(expected.default, tf.float32))
    return tensors


def batch_size(inputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the number of examples of named tensors."""
    return tf.shape(next(iter(inputs.values())))[0]


def check_arrays(argument: str, inputs: object, accepts: dict[str, Input]) -> None:
    """Refuse arrays that are empty, differ in length, or have a wrong dtype, shape or value.

    Args:
        argument: what errors call the first of the names.
        inputs: an array, or a dict of arrays.
        accepts: what the model takes.
    """
    named = as_dict(inputs, accepts)
    counts = {}
    for name, value in named.items():
        title = argument if name == next(iter(accepts)) else name
        check_array(title, value, accepts[name].shape, accepts[name].support)
        counts[name] = len(value)
    if len(set(counts.values())) > 1:
        raise InvalidInput("inputs", "as many examples under each name", counts)


def as_tensor(argument: str, value: object, event_shape: tuple[int, ...]) -> tf.Tensor:
    """Return a float32 tensor [B, *event_shape], or refuse it by dtype or shape."""
    value = _as_array(argument, value)
    check_shape(argument, tuple(value.shape), event_shape)
    return tf.cast(value, tf.float32)


def check_shape(argument: str, shape: tuple, event_shape: tuple[int, ...]) -> None:
    """Refuse a shape other than (batch, *event_shape); None matches any size."""
    fits = len(shape) == 1 + len(event_shape) and all(
        received in (None, expected) for received, expected in zip(shape[1:], event_shape, strict=True)
    )
    if not fits:
        raise InvalidInput(argument, f"shape (batch, {', '.join(map(str, event_shape))})", shape)


def check_array(
    argument: str, value: object, event_shape: tuple[int, ...], support: Support | ColumnSupports
) -> None:
    """Refuse an array, or eager tensor, that is empty or has a wrong dtype, shape or value."""
    array = _as_array(argument, value)
    check_shape(argument, tuple(array.shape), event_shape)
    if array.shape[0] == 0:
        raise InvalidInput(argument, "at least one example", f"shape {tuple(array.shape)}")
    for start in range(0, array.shape[0], _CHUNK):  # a memory-mapped array stays on disk
        chunk = np.asarray(array[start : start + _CHUNK])
        for part, values in support.parts(chunk):
            if not part.contains(values):
                raise InvalidInput(argument, str(part), _describe(part, values, start))


def never_observed(x: object) -> list[list[int]]:
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


def checked_dataset(argument: str, dataset: tf.data.Dataset, accepts: dict[str, Input]) -> tf.data.Dataset:
    """Return the data set with a check of every batch; `readable` reads what it raises."""
    first = next(iter(accepts))
    specs = as_dict(keras.utils.unpack_x_y_sample_weight(dataset.element_spec)[0], accepts)
    titles = {name: argument if name == first else name for name in specs}
    for name, spec in specs.items():
        _check_spec(titles[name], spec, accepts[name].shape)

    def check(*batch: object) -> object:
        batch = batch[0] if len(batch) == 1 else batch
        assertions = []
        for name, value in as_dict(keras.utils.unpack_x_y_sample_weight(batch)[0], accepts).items():
            value = tf.ensure_shape(value, (None, *accepts[name].shape))
            for part, values in accepts[name].support.parts(tf.cast(value, tf.float32)):
                fields = ["", titles[name], str(part), _summary(part, values), ""]
                message = tf.strings.join(fields, separator=_MARK)
                assertions.append(tf.debugging.Assert(part.contains(values), [message]))
        with tf.control_dependencies(assertions):
            return tf.nest.map_structure(tf.identity, batch)

    return dataset.map(check)


def _check_spec(argument: str, spec: object, shape: tuple[int, ...]) -> None:
    if not isinstance(spec, tf.TensorSpec):
        raise InvalidInput(argument, "batches of dense tensors", spec)
    if not (spec.dtype.is_floating or spec.dtype.is_integer or spec.dtype.is_bool):
        raise InvalidInput(argument, "numbers", f"dtype {spec.dtype.name}")
    if spec.shape.rank is not None:
        check_shape(argument, tuple(spec.shape), shape)


def readable(error: tf.errors.OpError) -> InvalidInput | None:
    """Return the one-line error behind a failed check of `checked_dataset`, or None for another error."""
    fields = str(error).split(_MARK)
    return InvalidInput(*fields[1:4]) if len(fields) >= 5 else None


def in_batches(inputs: dict, batch_size: int) -> Iterator[dict]:
    """Yield consecutive slices of at most `batch_size` examples."""
    for start in range(0, int(next(iter(inputs.values())).shape[0]), batch_size):
        yield {name: value[start : start + batch_size] for name, value in inputs.items()}


def _as_array(argument: str, value: object) -> np.ndarray | tf.Tensor:
    if not tf.is_tensor(value):
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise InvalidInput(argument, "an array of numbers", error) from None
    dtype = tf.as_dtype(value.dtype) if value.dtype != object else tf.string
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise InvalidInput(argument, "an array of numbers", f"dtype {value.dtype}")
    return value


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
            text += f", not whole first in example {start + _first_row(fractions)}"
    return text + misplaced


def _first_row(marked: np.ndarray) -> int:
    return int(np.argwhere(marked)[0][0])


def _summary(support: Support, x: tf.Tensor) -> tf.Tensor:
    finite = tf.math.is_finite(x)
    bad = tf.math.is_inf(x) if support.missing else ~finite
    values = tf.boolean_mask(x, finite)
    text = [
        "values from ",
        tf.strings.as_string(tf.reduce_min(values)),
        " to ",
        tf.strings.as_string(tf.reduce_max(values)),
        " with ",
        _count(bad),
        " infinite" if support.missing else " NaN or infinite",
    ]
    if support.integer:
        text += [" and ", _count(finite & (x != tf.floor(x))), " not whole"]
    if isinstance(support, RowSupport):
        text += [" and ", _count(tf.math.is_nan(x)), " NaN"]
    return tf.strings.join(text)


def _count(marked: tf.Tensor) -> tf.Tensor:
    return tf.strings.as_string(tf.reduce_sum(tf.cast(marked, tf.int64)))
