"""Set-ups that Keras cannot train on several devices, rejected with what to do instead."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput


def check_strategy(model: keras.Model) -> None:
    """Reject ways to train a compiled model that fail, or give wrong weights, on several devices.

    Raises:
        InvalidInput: says what to do instead.
    """
    distribution = keras.distribution.distribution()
    if distribution is not None:
        raise InvalidInput(
            "keras.distribution",
            "none, as it has no effect with TensorFlow; build and compile the model in the scope of a "
            "tf.distribute.MirroredStrategy instead",
            type(distribution).__name__,
        )
    strategy = model.distribute_strategy
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        raise InvalidInput(
            "strategy", "MirroredStrategy, as Keras 3 cannot fit on several workers", type(strategy).__name__
        )
    if strategy.num_replicas_in_sync > 1:
        _check_replicas(model, strategy)


def _check_replicas(model: keras.Model, strategy: tf.distribute.Strategy) -> None:
    replicas = f"with {strategy.num_replicas_in_sync} replicas"
    if model.jit_compile:
        raise InvalidInput("jit_compile", f"False {replicas}", True)
    if model.optimizer.gradient_accumulation_steps:
        raise InvalidInput(
            "gradient_accumulation_steps",
            f"None {replicas}; use larger batches",
            model.optimizer.gradient_accumulation_steps,
        )
    if model.optimizer.global_clipnorm:
        raise InvalidInput(
            "global_clipnorm",
            f"None {replicas}, as Keras clips each replica's gradient before their sum; use clipvalue "
            "or a smaller learning rate",
            model.optimizer.global_clipnorm,
        )
    if model.steps_per_execution > 1 and not isinstance(
        strategy.extended._cross_device_ops, tf.distribute.ReductionToOneDevice
    ):
        raise InvalidInput(
            "steps_per_execution",
            f"1 {replicas}, or MirroredStrategy(cross_device_ops=tf.distribute.ReductionToOneDevice())",
            model.steps_per_execution,
        )
