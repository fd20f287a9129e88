"""The number of training examples, which some objectives depend on."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.types import Tensor


class DatasetSize(keras.layers.Layer):
    """N, the number of training examples: given, or else that of the data `fit` was last called with.

    It is a weight, so that a saved model keeps it. An objective that has one as an attribute gets it from
    `fit` without more.

    Args:
        given: N; None means that `fit` finds it.
        least: the smallest N that makes sense.

    Example:
        >>> size = DatasetSize(None)
        >>> size.note(500)
        >>> float(size.examples(tf.constant(32)))
        500.0
    """

    def __init__(self, given: int | None, least: int = 1):
        super().__init__(name="dataset_size")
        self.given = None if given is None else integer("dataset_size", given, least)
        start = keras.initializers.Constant(0 if given is None else given)
        self.count = self.add_weight(
            name="count", shape=(), initializer=start, trainable=False, dtype="float32", autocast=False
        )
        self.built = True

    def note(self, count: int) -> None:
        """Take the number of examples of the data at hand, unless it was given."""
        if self.given is None:
            self.count.assign(float(count))

    def examples(self, batch: Tensor) -> Tensor:
        """Return N as a float32 scalar; before `fit`, that of the batch."""
        count = tf.convert_to_tensor(self.count)
        return tf.where(count > 0, count, tf.cast(batch, tf.float32))
