"""Rows computed in blocks of a fixed size by a fixed graph, so that a row has one result, to the last bit.

Why this is needed, as measured with TensorFlow 2.21 on a CPU:

- The bits of a row's result depend on how many rows are computed with it, because kernels choose their tiles
  by the shape. In blocks of one size every kernel sees one shape; then neither a row's position in the block
  nor the number of threads (one or two) makes a difference.
- They depend on the settings of the graph optimizer, which belong to the process. The arithmetic optimizer
  rewrites sums, quotients and logarithms: between a process with it and one without it, a quarter of all
  scores differed. With it, even one program can differ from itself, as sums of three terms become an AddN,
  which begins with the term whose memory is free.
- A function that is not inlined is optimized with the settings under which its call was traced; these are
  stored in the graph. The blocks are such a function, traced with the arithmetic optimizer off, and it stays
  off in every process that loads the SavedModel.

Another kind of processor, another version of TensorFlow, and oneDNN switched on or off
(TF_ENABLE_ONEDNN_OPTS) may round differently.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import final

import tensorflow as tf

from tfvae.core.types import Tensor, Tensors

_OPTION = "arithmetic_optimization"


def apply_blockwise(
    function: Callable[[Tensors], Tensors],
    inputs: Tensors,
    block_rows: int,
    signature: dict[str, tf.TensorSpec],
) -> Tensors:
    """Return function(inputs), computed for blocks of `block_rows` rows one after the other.

    The last block is padded with copies of the first row.

    Args:
        function: from tensors by name, [block_rows, ...], to tensors by name, [block_rows, ...]; it computes
            each row on its own.
        inputs: tensors by name, [B, ...]; for B = 0 nothing is computed.
        block_rows: number of rows of a block.
        signature: shapes and types that the function returns for one block.

    Example:
        >>> doubled = apply_blockwise(
        ...     lambda block: {"y": 2 * block["x"]}, {"x": tf.range(5.0)}, 2, {"y": tf.TensorSpec((2,))})
        >>> doubled["y"].numpy()
        array([0., 2., 4., 6., 8.], dtype=float32)
    """

    def all_blocks(**inputs: Tensor) -> Tensors:
        count = tf.shape(next(iter(inputs.values())))[0]
        places = tf.range(-(-count // block_rows) * block_rows)
        places = tf.reshape(tf.where(places < count, places, 0), (-1, block_rows))

        def block(at: Tensor) -> Tensors:
            return function({name: tf.gather(value, at) for name, value in inputs.items()})

        results = tf.map_fn(block, places, fn_output_signature=signature, parallel_iterations=1)
        return {
            name: tf.reshape(value, (-1, *signature[name].shape[1:]))[:count]
            for name, value in results.items()
        }

    not_inlined = tf.function(all_blocks, autograph=False, experimental_attributes={"_noinline": True})
    with without_arithmetic_optimizer():
        return not_inlined(**inputs)


@contextlib.contextmanager
def without_arithmetic_optimizer() -> Iterator[None]:
    """Turn the arithmetic optimizer off for functions that are called or traced inside, and restore it.

    Sums are then computed in the order in which they are written. The setting belongs to the process: it is
    restored when the last thread has left.

    Example:
        >>> with without_arithmetic_optimizer():
        ...     tf.config.optimizer.get_experimental_options()["arithmetic_optimization"]
        False
    """
    _SWITCH.turn_off()
    try:
        yield
    finally:
        _SWITCH.restore()


@final
class _Switch:
    """The option of the process, off while at least one thread needs it off."""

    def __init__(self):
        self._lock, self._users, self._before = threading.Lock(), 0, True

    def turn_off(self) -> None:
        with self._lock:
            if not self._users:
                self._before = tf.config.optimizer.get_experimental_options().get(_OPTION, True)
                tf.config.optimizer.set_experimental_options({_OPTION: False})
            self._users += 1

    def restore(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                tf.config.optimizer.set_experimental_options({_OPTION: self._before})


_SWITCH = _Switch()
