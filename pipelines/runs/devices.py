"""The devices that share a training step."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from tfvae.core.errors import InvalidInput


def strategy(replicas: int, steps_per_execution: int | None) -> tf.distribute.Strategy:
    """Return the strategy for a number of replicas: on GPUs, or on equal parts of the CPU without any.

    Args:
        replicas: number of replicas.
        steps_per_execution: training steps in one call of the training function; None means 1 if there are
            several replicas.

    Raises:
        InvalidInput: there are fewer GPUs than replicas.
    """
    if replicas == 1:
        return tf.distribute.get_strategy()
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and len(gpus) < replicas:
        raise InvalidInput("--replicas", f"at most {len(gpus)}, the number of GPUs", replicas)
    if not gpus:
        parts = [tf.config.LogicalDeviceConfiguration()] * replicas
        with contextlib.suppress(RuntimeError):  # TensorFlow already runs: all replicas share its one device
            tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    kind = "GPU" if gpus else "CPU"
    # The default way of summing over replicas fails inside a loop of several steps.
    reduction = tf.distribute.ReductionToOneDevice() if (steps_per_execution or 1) > 1 else None
    devices = [f"{kind}:{index}" for index in range(replicas)]
    return tf.distribute.MirroredStrategy(devices, cross_device_ops=reduction)
