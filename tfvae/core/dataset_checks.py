"""Checks of every batch of a data set, in its own pipeline, beside training."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input, as_dict, check_shape
from tfvae.core.support import RowSupport, Support
from tfvae.core.types import Shape, Tensor

_MARK = "<tfvae-input>"


def checked_dataset(argument: str, dataset: tf.data.Dataset, accepts: dict[str, Input]) -> tf.data.Dataset:
    """Return the data set with a check of every batch; `readable_error` reads what it raises."""
    first = next(iter(accepts))
    spec = dataset.element_spec
    specs = as_dict(spec[0] if isinstance(spec, tuple) else spec, accepts)
    titles = {name: argument if name == first else name for name in specs}
    for name, spec in specs.items():
        _check_spec(titles[name], spec, accepts[name].shape)

    def check(*batch: Any) -> Any:
        inputs, *rest = batch[0] if len(batch) == 1 and isinstance(batch[0], tuple) else batch
        named = as_dict(inputs, accepts)
        # A generator or a NumPy function tells no shape; the model knows it.
        named = {name: tf.ensure_shape(value, (None, *accepts[name].shape)) for name, value in named.items()}
        rest = [_with_rank(value) for value in rest]
        assertions = []
        for name, value in named.items():
            for part, values in accepts[name].support.parts(tf.cast(value, tf.float32)):
                fields = ["", titles[name], str(part), _summary(part, values), ""]
                message = tf.strings.join(fields, separator=_MARK)
                assertions.append(tf.debugging.Assert(part.contains(values), [message]))
        with tf.control_dependencies(assertions):
            named = {name: tf.identity(value) for name, value in named.items()}
        inputs = named if isinstance(inputs, dict) else next(iter(named.values()))
        return (inputs, *rest) if rest else inputs

    return dataset.map(check)


def _with_rank(value: Any) -> Any:
    """Return labels or weights whose rank is not known as vectors [B]."""
    unknown = tf.is_tensor(value) and value.shape.rank is None
    return tf.reshape(value, (-1,)) if unknown else value


def _check_spec(argument: str, spec: Any, shape: Shape) -> None:
    if not isinstance(spec, tf.TensorSpec):
        raise InvalidInput(argument, "batches of dense tensors", spec)
    if not (spec.dtype.is_floating or spec.dtype.is_integer or spec.dtype.is_bool):
        raise InvalidInput(argument, "numbers", f"dtype {spec.dtype.name}")
    if spec.shape.rank is not None:
        check_shape(argument, tuple(spec.shape), shape)


def readable_error(error: tf.errors.OpError) -> InvalidInput | None:
    """Return the one-line error behind a failed check of `checked_dataset`, or None for another error."""
    fields = str(error).split(_MARK)
    return InvalidInput(*fields[1:4]) if len(fields) >= 5 else None


def _summary(support: Support, x: Tensor) -> Tensor:
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
        text += [" and ", _count(finite & (x != tf.floor(x))), " with a fraction"]
    if isinstance(support, RowSupport):
        text += [" and ", _count(tf.math.is_nan(x)), " NaN"]
    return tf.strings.join(text)


def _count(marked: Tensor) -> Tensor:
    return tf.strings.as_string(tf.reduce_sum(tf.cast(marked, tf.int64)))
