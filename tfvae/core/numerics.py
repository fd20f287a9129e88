"""Functions in a form that is exact where it matters and that every runtime knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import tensorflow as tf

from tfvae.core.types import Tensor


@tf.custom_gradient
def softplus(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), in operations LiteRT has.

    LiteRT writes the usual softplus as log(1 + exp(x)), which overflows above 88; on a CPU TensorFlow's own
    takes half as long again as this one. The gradient is the logistic function, also at 0.

    Example:
        >>> softplus(tf.constant([-100.0, 0.0, 100.0])).numpy()
        array([  0.       ,   0.6931472, 100.       ], dtype=float32)
    """
    value = tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))
    return value, lambda upstream: upstream * tf.sigmoid(x)


def wait_for(loss: Tensor, values: Iterable[Tensor]) -> Tensor:
    """Return the loss, whose gradients wait until it and all of `values` are computed.

    A weight is updated when its gradient is there and, by TensorFlow's rules, after every read of it. Its
    graph optimizer drops the edge between a read and the update where another path joins them, and may
    then cut that path: through the identity that all gradients pass together, and that is taken out. A
    term of the loss that gives a weight no gradient was then computed before or after the weight's update,
    as it happened. Here the gradients themselves wait.

    Args:
        loss: number whose gradients are taken.
        values: what is to be computed with the weights that the step began with.

    Example:
        >>> weight = tf.Variable(3.0)
        >>> with tf.GradientTape() as tape:
        ...     loss = wait_for(weight**2, [tf.constant(1.0)])
        >>> float(loss), float(tape.gradient(loss, weight))
        (9.0, 6.0)
    """
    before = [tf.convert_to_tensor(value) for value in (loss, *values)]

    @tf.custom_gradient
    def same(value: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        def gradient(upstream: Tensor) -> Tensor:
            with tf.control_dependencies(before):
                return tf.identity(upstream)

        return tf.identity(value), gradient

    return same(loss)


def bounded(raw: Tensor, limit: float) -> Tensor:
    """Limit tanh(raw / limit): raw where it is small, never beyond the limit.

    Example:
        >>> bounded(tf.constant([0.0, 0.1, 1e6]), 10.0).numpy().round(3)
        array([ 0. ,  0.1, 10. ], dtype=float32)
    """
    return limit * tf.tanh(raw / limit)
