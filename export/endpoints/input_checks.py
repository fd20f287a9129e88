"""Checks of a request's values inside the graph, with error messages that name the input.

A failed check is an INVALID_ARGUMENT error of the whole call: if a server merges requests into one batch, of
all of them. Device runtimes and OpenVINO omit these checks when they read a graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from tfvae.core.inputs import Input
from tfvae.core.support import ColumnSupports, Support
from tfvae.core.types import Tensor, Tensors

_FINITE = Support()


def require(condition: Tensor, *message: str | Tensor) -> tf.Operation | None:
    """End the call with an error unless a scalar condition is true.

    Args:
        condition: a Boolean scalar.
        message: parts of the error message, strings and tensors.

    Returns:
        In a graph, the operation that checks; what must not run before it needs a control dependency on it.

    Example:
        >>> require(tf.constant(False), "x: expected 1, received", tf.constant(0.5))
        Traceback (most recent call last):
        tensorflow.python.framework.errors_impl.InvalidArgumentError: ...[x: expected 1, received] [0.5]...
    """
    # Not tf.debugging.Assert, which adds a branch to the graph.
    return tf.raw_ops.Assert(condition=condition, data=[tf.convert_to_tensor(part) for part in message])


def require_examples(inputs: Tensors) -> None:
    """Require at least one example, and the same number for each input: a single one would be broadcast.

    Args:
        inputs: tensors [B, ...] by name.
    """
    counts = [tf.shape(value)[0] for value in inputs.values()]
    first, *others = inputs
    require(counts[0] > 0, f"{first}: expected at least one example, received none")
    for name, count in zip(others, counts[1:], strict=True):
        expected = f"{name}: expected as many examples as {first}, received and expected"
        require(count == counts[0], expected, count, counts[0])


def require_supported(inputs: Tensors, accepts: Mapping[str, Input], titles: Mapping[str, str]) -> None:
    """Require values inside the support of the model's inputs, or missing values if the model takes them.

    Args:
        inputs: tensors by name; those that are no inputs of the model must be finite.
        accepts: the model's inputs.
        titles: what a message calls an input, if that is not its name.
    """
    for name, value in inputs.items():
        support = accepts[name].support if name in accepts else _FINITE
        for part, values in support.parts(value):
            require(part.contains(values), f"{titles.get(name, name)}: expected {part}, received others")


def within(support: Support | ColumnSupports, x: Tensor) -> Tensor:
    """Return x with every number replaced by the nearest value of a support.

    Args:
        support: of a likelihood.
        x: tensor [B, ...].

    Example:
        >>> within(Support(0.0, 2.0, integer=True), tf.constant([[-1.0, 0.7, 5.0]])).numpy()
        array([[0., 1., 2.]], dtype=float32)
    """
    if isinstance(support, ColumnSupports):
        columns = [within(part, x[..., index]) for index, part in enumerate(support.columns)]
        return tf.stack(columns, axis=-1)
    x = tf.round(x) if support.integer else x
    return tf.clip_by_value(x, support.low, support.high)
