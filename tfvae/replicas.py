"""Sums over the replicas of a `tf.distribute` strategy, so that several devices equal one."""

from __future__ import annotations

import tensorflow as tf


def total(value: tf.Tensor) -> tf.Tensor:
    """Sum a value over replicas; with one replica, the value itself. Not differentiated.

    A loss divided by the total number of examples is one device's loss exactly, also where the last
    batch does not split evenly and where a replica receives none of it.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stop_gradient(value))


def batch_mean(values: tf.Tensor) -> tf.Tensor:
    """Mean over axis 0 of the whole batch, whatever replica its examples are on. Not differentiated."""
    count = total(tf.cast(tf.shape(values)[0], values.dtype))
    return total(tf.reduce_sum(tf.stop_gradient(values), axis=0)) / tf.maximum(count, 1)
