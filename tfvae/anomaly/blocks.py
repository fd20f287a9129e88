"""Rows computed in blocks of a fixed size, so that the bits of one do not depend on the others."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

Tensors = dict[str, tf.Tensor]


def in_blocks(
    function: Callable[[Tensors], Tensors], inputs: Tensors, rows: int, signature: dict[str, tf.TensorSpec]
) -> Tensors:
    """Return function(inputs) for tensors [B, ...], computed for `rows` of them at a time.

    The last block is filled up with copies of the first row.

    Args:
        function: from named tensors [rows, ...] to named tensors [rows, ...], row by row independent.
        inputs: named tensors [B, ...], B at least 1.
        rows: rows of a block.
        signature: what the function returns for one block.
    """
    count = tf.shape(next(iter(inputs.values())))[0]
    places = tf.range(-(-count // rows) * rows)
    places = tf.reshape(tf.where(places < count, places, 0), (-1, rows))

    def block(at: tf.Tensor) -> Tensors:
        taken = {name: tf.gather(value, at) for name, value in inputs.items()}
        return function(taken)

    results = tf.map_fn(block, places, fn_output_signature=signature, parallel_iterations=1)
    return {
        name: tf.reshape(value, (-1, *signature[name].shape[1:]))[:count] for name, value in results.items()
    }
