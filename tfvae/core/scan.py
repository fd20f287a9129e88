"""A function applied to each step along axis 0, as one loop in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfvae.core.types import Tensor


def scan(move: Callable[[Any, Any], tuple], state: Any, rows: Any) -> Any:
    """Return what `move` gives at each step, stacked along a new axis 0.

    Differentiable, with time and memory proportional to the number of steps.

    Args:
        move: from (state, row) to (next state, outputs), each a tensor or a nest of tensors. The next state
            has the structure, shapes and dtypes of the state.
        state: the state before the first step.
        rows: a tensor [T, ...], or a nest of them, of which each step gets one row; T is static.

    Example:
        >>> def add(total, row):
        ...     return total + row, {"sum": total + row}
        >>> scan(add, tf.constant(0.0), tf.constant([1.0, 2.0, 3.0]))["sum"].numpy()
        array([1., 3., 6.], dtype=float32)
    """
    structure = tf.nest.map_structure
    count = tf.nest.flatten(rows)[0].shape[0]
    # The first step, outside the loop, says what the outputs look like.
    state, first = move(state, structure(lambda row: row[0], rows))
    outputs = structure(
        lambda value: tf.TensorArray(value.dtype, count, element_shape=value.shape).write(0, value), first
    )

    def body(index: Tensor, state: Any, outputs: Any) -> tuple:
        state, new = move(state, structure(lambda row: row[index], rows))
        return index + 1, state, structure(lambda array, value: array.write(index, value), outputs, new)

    _, _, outputs = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(1), state, outputs),
        maximum_iterations=count - 1,
    )
    return structure(lambda array: array.stack(), outputs)
