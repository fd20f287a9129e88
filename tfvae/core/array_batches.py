"""Arrays as a data set that a small network does not wait for.

Rows are gathered a batch at a time, in the thread that asks for them, from arrays converted once; and the
batch size is a constant of the graph wherever it divides the number of rows.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.noise import SEEDS, new_seed
from tfvae.core.types import Tensor


def batches(arrays: Any, batch_size: int, shuffle: bool) -> tf.data.Dataset:
    """Return a data set of batches of the rows of arrays, in a new order at each pass.

    Args:
        arrays: a nest of arrays and None, each array [N, ...].
        batch_size: rows in a batch; the last one may have fewer.
        shuffle: whether each pass has an order of its own; the orders follow from Python's random
            numbers, which `keras.utils.set_random_seed` seeds.

    Example:
        >>> [batch.numpy().tolist() for batch in batches(tf.range(5), 2, shuffle=False)]
        [[0, 1], [2, 3], [4]]
    """
    columns = tf.nest.map_structure(_as_column, arrays)
    count = row_count(arrays)
    seed = new_seed()
    whole = count - count % batch_size

    def one_pass(order_seed: Tensor) -> tf.data.Dataset:
        rows = tf.range(count)
        if shuffle:
            rows = tf.random.experimental.stateless_shuffle(rows, tf.stack([seed, order_seed]))
        numbers = tf.data.Dataset.from_tensor_slices(tf.reshape(rows[:whole], (-1, batch_size)))
        if whole < count:
            numbers = numbers.concatenate(tf.data.Dataset.from_tensors(rows[whole:]))
        return numbers

    passes = _random_numbers(seed).take(1)
    numbers = passes.map(lambda value: tf.cast(value % 2**31, tf.int32)).flat_map(one_pass)
    dataset = numbers.map(
        lambda rows: tf.nest.map_structure(
            lambda column: None if column is None else tf.gather(column, rows), columns
        )
    )
    options = tf.data.Options()
    options.autotune.enabled = False  # its threads take the network's cores
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    cardinality = tf.data.experimental.assert_cardinality(math.ceil(count / batch_size))
    return dataset.apply(cardinality).with_options(options)


def split(arrays: Any, fraction: float) -> tuple[Any, Any]:
    """Return the first rows of arrays, and the last ones: a `fraction` of them.

    Raises:
        InvalidInput: where one of the two would be empty.
    """
    count = row_count(arrays)
    at = math.floor(count * (1 - fraction))
    if not 0 < at < count:
        raise InvalidInput("validation_split", f"a fraction that parts {count} examples in two", fraction)
    flat = tf.nest.flatten(arrays)
    parts = [
        [array if array is None else array[rows] for array in flat] for rows in (slice(at), slice(at, None))
    ]
    return tuple(tf.nest.pack_sequence_as(arrays, part) for part in parts)


def row_count(arrays: Any) -> int:
    """Return the number of rows that all the arrays have.

    Raises:
        InvalidInput: where they differ.
    """
    counts = {len(array) for array in tf.nest.flatten(arrays) if array is not None}
    if len(counts) != 1:
        raise InvalidInput("x, y and sample_weight", "as many rows each", sorted(counts))
    return counts.pop()


def _random_numbers(seed: int) -> tf.data.Dataset:
    """Return a data set of random int64, others at each pass."""
    own = SEEDS.get()
    if own is None:
        return tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    # The same, without TensorFlow's global seed, which belongs to all threads.
    numbers = tf.raw_ops.RandomDatasetV2(
        seed=tf.constant(own.start, tf.int64),
        seed2=tf.constant(seed, tf.int64),
        seed_generator=tf.raw_ops.DummySeedGenerator(),
        rerandomize_each_iteration=True,
        output_types=[tf.int64],
        output_shapes=[()],
    )
    return tf.data.experimental.from_variant(numbers, tf.TensorSpec((), tf.int64))


def _as_column(array: Any) -> Tensor | None:
    if array is None:
        return None
    column = tf.convert_to_tensor(array)
    return tf.cast(column, tf.float32) if column.dtype.is_floating else column
