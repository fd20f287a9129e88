"""Running means of an objective's terms."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.types import Tensor, Tensors


class TermMeans(keras.metrics.Metric):
    """Weighted means of several named terms, in one update a step.

    mean = sum_i w_i v_i / sum_i w_i over all examples since the start of the epoch, on all replicas.

    Args:
        names: the terms' names, under which `fit` shows them.

    Example:
        >>> means = TermMeans(("rate", "distortion"))
        >>> means.update_state({"rate": tf.constant([1.0, 3.0]), "distortion": tf.constant([5.0, 5.0])})
        >>> {name: float(value) for name, value in means.result().items()}
        {'rate': 2.0, 'distortion': 5.0}
    """

    def __init__(self, names: tuple[str, ...]):
        super().__init__(name="terms")
        self.names = names
        self.totals = self.add_variable((len(names),), "zeros", name="totals", aggregation="sum")
        self.count = self.add_variable((), "zeros", name="count", aggregation="sum")

    def update_state(self, values: Tensors, sample_weight: Tensor | None = None) -> None:
        """Add the values [B] of every term; terms without a name here are left out."""
        if not self.names:
            return
        stacked = tf.stack([values[name] for name in self.names])
        if sample_weight is None:
            count = tf.cast(tf.shape(stacked)[1], tf.float32)
        else:
            weight = tf.cast(sample_weight, tf.float32)
            stacked, count = stacked * weight, tf.reduce_sum(weight)
        self.totals.assign_add(tf.reduce_sum(stacked, axis=1))
        self.count.assign_add(count)

    def result(self) -> Tensors:
        """Return the mean of each term; 0 before the first update."""
        means = tf.math.divide_no_nan(tf.convert_to_tensor(self.totals), tf.convert_to_tensor(self.count))
        return dict(zip(self.names, tf.unstack(means), strict=True))
