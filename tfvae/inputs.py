"""What a user hands to a model, checked: names, shapes, numbers, and values inside the support.

Arrays are checked before anything is computed; data sets batch by batch as they are read.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfvae.errors import InvalidInput
from tfvae.likelihoods.base import ColumnSupports, Support

_MARK = "<tfvae-input>"
_CHUNK = 8192


def as_dict(inputs: object, allowed: tuple[str, ...] = ("x",)) -> dict:
    """Return an array as {"x": array}, and a dict with known names as it is."""
    if not isinstance(inputs, dict):
        return {"x": inputs}
    if "x" not in inputs:
        raise InvalidInput("inputs", "a dict with 'x'", sorted(inputs))
    unknown = sorted(set(inputs) - set(allowed))
    if unknown:
        raise InvalidInput("inputs", f"no other names than {list(allowed)}", unknown)
    return inputs


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
            if not part.covers(values):
                raise InvalidInput(argument, str(part), _describe(part, values, start))


def checked_dataset(
    argument: str,
    dataset: tf.data.Dataset,
    event_shape: tuple[int, ...],
    support: Support | ColumnSupports,
) -> tf.data.Dataset:
    """Return the data set with a check of every batch; `readable` reads what it raises."""
    spec = as_dict(keras.utils.unpack_x_y_sample_weight(dataset.element_spec)[0], _ANY)["x"]
    if not isinstance(spec, tf.TensorSpec):
        raise InvalidInput(argument, "batches of dense tensors", spec)
    if not (spec.dtype.is_floating or spec.dtype.is_integer or spec.dtype.is_bool):
        raise InvalidInput(argument, "numbers", f"dtype {spec.dtype.name}")
    if spec.shape.rank is not None:
        check_shape(argument, tuple(spec.shape), event_shape)

    def check(*batch: object) -> object:
        batch = batch[0] if len(batch) == 1 else batch
        x = as_dict(keras.utils.unpack_x_y_sample_weight(batch)[0], _ANY)["x"]
        x = tf.ensure_shape(x, (None, *event_shape))
        assertions = []
        for part, values in support.parts(tf.cast(x, tf.float32)):
            message = tf.strings.join(["", argument, str(part), _summary(part, values), ""], separator=_MARK)
            assertions.append(tf.debugging.Assert(part.covers(values), [message]))
        with tf.control_dependencies(assertions):
            return tf.nest.map_structure(tf.identity, batch)

    return dataset.map(check)


def readable(error: tf.errors.OpError) -> InvalidInput | None:
    """Return the one-line error behind a failed check of `checked_dataset`, or None for another error."""
    fields = str(error).split(_MARK)
    return InvalidInput(*fields[1:4]) if len(fields) >= 5 else None


def in_batches(inputs: dict, batch_size: int) -> Iterator[dict]:
    """Yield consecutive slices of at most `batch_size` examples."""
    for start in range(0, int(inputs["x"].shape[0]), batch_size):
        yield {name: value[start : start + batch_size] for name, value in inputs.items()}


_ANY = ("x", "condition", "label", "mask")


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
    values = chunk[finite]
    text = f"values from {values.min():g} to {values.max():g}"
    if support.whole:
        fractions = finite & (chunk != np.floor(chunk))
        if fractions.any():
            text += f", not whole first in example {start + _first_row(fractions)}"
    return text


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
    if support.whole:
        text += [" and ", _count(finite & (x != tf.floor(x))), " not whole"]
    return tf.strings.join(text)


def _count(marked: tf.Tensor) -> tf.Tensor:
    return tf.strings.as_string(tf.reduce_sum(tf.cast(marked, tf.int64)))
