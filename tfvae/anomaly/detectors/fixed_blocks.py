"""Rows computed in blocks of a fixed size by a fixed graph: one row has one result, to the last bit.

What was found by trying it, on TensorFlow 2.21 and a CPU, and what follows:

- A row's bits depend on how many rows are multiplied with it: kernels choose their tiles by the shape. In
  blocks of one size every kernel sees one shape, and a row's place in the block makes no difference, nor do
  one or two threads.
- They depend on the graph optimizer's settings, which are the process's: the arithmetic optimizer rewrites
  sums, quotients and logarithms. In one process with it and another without it, a quarter of all scores
  differed. Where it is on, one program can differ from itself: of sums of three terms it makes an AddN,
  which begins with the term whose memory is free.
- A function that is not inlined is optimized by the settings under which the call of it was traced, which
  are stored in the graph. So the blocks are such a function, traced with the arithmetic optimizer off: it
  stays off in every process that loads the SavedModel.

Another kind of processor may round differently.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

Tensors = dict[str, tf.Tensor]
_OPTION = "arithmetic_optimization"


def in_blocks(
    function: Callable[[Tensors], Tensors], inputs: Tensors, rows: int, signature: dict[str, tf.TensorSpec]
) -> Tensors:
    """Return function(inputs) for tensors [B, ...], computed for `rows` of them at a time.

    The last block is filled up with copies of the first row.

    Args:
        function: from named tensors [rows, ...] to named tensors [rows, ...], each row on its own.
        inputs: named tensors [B, ...]; nothing is computed for B = 0.
        rows: rows of a block.
        signature: what the function returns for one block.

    Example:
        >>> doubled = in_blocks(
        ...     lambda block: {"y": 2 * block["x"]}, {"x": tf.range(5.0)}, 2, {"y": tf.TensorSpec((2,))})
        >>> doubled["y"].numpy()
        array([0., 2., 4., 6., 8.], dtype=float32)
    """

    def all_blocks(**inputs: tf.Tensor) -> Tensors:
        count = tf.shape(next(iter(inputs.values())))[0]
        places = tf.range(-(-count // rows) * rows)
        places = tf.reshape(tf.where(places < count, places, 0), (-1, rows))

        def block(at: tf.Tensor) -> Tensors:
            return function({name: tf.gather(value, at) for name, value in inputs.items()})

        results = tf.map_fn(block, places, fn_output_signature=signature, parallel_iterations=1)
        return {
            name: tf.reshape(value, (-1, *signature[name].shape[1:]))[:count]
            for name, value in results.items()
        }

    fixed = tf.function(all_blocks, autograph=False, experimental_attributes={"_noinline": True})
    with sums_in_order():
        return fixed(**inputs)


@contextlib.contextmanager
def sums_in_order() -> Iterator[None]:
    """Switch the arithmetic optimizer off for the functions that are called, or traced, meanwhile."""
    before = tf.config.optimizer.get_experimental_options().get(_OPTION, True)
    tf.config.optimizer.set_experimental_options({_OPTION: False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({_OPTION: before})
