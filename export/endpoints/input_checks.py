"""Checks of a request's values inside the graph, so that an engine refuses it with the input's name.

A check that fails is an INVALID_ARGUMENT error of the whole call: where a server merges requests into one
batch, of all of them. Device runtimes and OpenVINO leave these checks out when they read a graph.
"""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.inputs import Input
from tfvae.core.support import Support

_FINITE = Support()


def require(condition: tf.Tensor, *message: object) -> tf.Operation | None:
    """End the call with a message, of texts and tensors, where a scalar condition is false.

    In a graph the operation is returned, for what must not run before it.

    Example:
        >>> require(tf.constant(False), "x: expected 1, received", tf.constant(0.5))
        Traceback (most recent call last):
        tensorflow.python.framework.errors_impl.InvalidArgumentError: ...[x: expected 1, received] [0.5]...
    """
    # Not tf.debugging.Assert, which in a graph becomes a branch of its own.
    return tf.raw_ops.Assert(condition=condition, data=[tf.convert_to_tensor(part) for part in message])


def require_examples(inputs: dict[str, tf.Tensor]) -> None:
    """Require at least one example, and as many under each name: one for all would be broadcast."""
    counts = [tf.shape(value)[0] for value in inputs.values()]
    first, *others = inputs
    require(counts[0] > 0, f"{first}: expected at least one example, received none")
    for name, count in zip(others, counts[1:], strict=True):
        expected = f"{name}: expected as many examples as under {first}, received and expected"
        require(count == counts[0], expected, count, counts[0])


def require_supported(
    inputs: dict[str, tf.Tensor], accepts: dict[str, Input], titles: dict[str, str]
) -> None:
    """Require values that the model gives a density to, or that are missing where it takes that.

    Args:
        inputs: tensors by name; those that the model does not know must be finite.
        accepts: what the model takes.
        titles: what a message calls an input, where that is not its name.
    """
    for name, value in inputs.items():
        support = accepts[name].support if name in accepts else _FINITE
        for part, values in support.parts(value):
            require(part.contains(values), f"{titles.get(name, name)}: expected {part}, received others")


def within(support: object, x: tf.Tensor) -> tf.Tensor:
    """Return x with every number moved to the nearest value of a support of `tfvae.likelihoods`.

    Example:
        >>> within(Support(0.0, 2.0, integer=True), tf.constant([[-1.0, 0.7, 5.0]])).numpy()
        array([[0., 1., 2.]], dtype=float32)
    """
    columns = getattr(support, "columns", None)
    if columns is not None:
        moved = [within(part, x[..., index]) for index, part in enumerate(columns)]
        return tf.stack(moved, axis=-1)
    x = tf.round(x) if support.integer else x
    return tf.clip_by_value(x, support.low, support.high)
