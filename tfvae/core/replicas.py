"""Sums over the replicas of a `tf.distribute` strategy, so that several devices equal one."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfvae.core.types import Tensor


def sum_over_replicas(value: Tensor) -> Tensor:
    """Sum a value over replicas; with one replica, the value itself. Not differentiated.

    A loss divided by the total number of examples is one device's loss exactly, also where the last
    batch does not split evenly and where a replica receives none of it.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stop_gradient(value))


def mean_loss(loss: Tensor, added: list[Tensor], weight: Tensor | None = None) -> Tensor:
    """Return a replica's share of sum_i weight_i loss_i / n + added losses, n examples in the whole batch.

    The shares of all replicas sum to one device's loss, with the added losses once.

    Args:
        loss: of each example, [B].
        added: what layers add to the loss (`add_loss` and regularizers), scalars.
        weight: of each example, [B]; None means 1.
    """
    rows = tf.cast(tf.shape(loss)[0], loss.dtype)
    weighted = loss if weight is None else loss * tf.cast(weight, loss.dtype)
    once = tf.add_n([tf.cast(value, loss.dtype) for value in added] or [tf.zeros((), loss.dtype)])
    return (tf.reduce_sum(weighted) + rows * once) / tf.maximum(sum_over_replicas(rows), 1)


def batch_mean(values: Tensor) -> Tensor:
    """Mean over axis 0 of the whole batch, whatever replica its examples are on. Not differentiated."""
    count = sum_over_replicas(tf.cast(tf.shape(values)[0], values.dtype))
    return sum_over_replicas(tf.reduce_sum(tf.stop_gradient(values), axis=0)) / tf.maximum(count, 1)


def all_gather(values: Any) -> Any:
    """Return the rows of the whole batch: tensors joined along axis 0 over the replicas, in their order.

    Differentiable: a row's gradient is the sum of what it is used for on every replica, so that a loss
    summed over replicas has one device's gradient exactly. With one replica, the values themselves.

    Args:
        values: a tensor [b, ...], or a dict of them, with the b rows that are on this replica.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_gather(values, axis=0)


def replica_offset(count: Tensor) -> Tensor:
    """Return where in what `gathered` returns this replica's own `count` rows begin, int32."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tf.constant(0)
    counts = context.all_gather(tf.reshape(count, (1,)), axis=0)
    return tf.reduce_sum(counts[: context.replica_id_in_sync_group])
