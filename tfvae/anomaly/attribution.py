"""Parts of a score that belong to no element alone, shared among the elements."""

from __future__ import annotations

import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.errors import InvalidInput
from tfvae.models import LatentModel
from tfvae.trace import Trace

tfd = tfp.distributions
_INDEPENDENT = tfd.Independent.__mro__[
    1
]  # what Independent is of distributions that are no composite tensors


def surprises(model: LatentModel, trace: Trace) -> tf.Tensor:
    """Return -log p(x_i|z) of each element, [S, B, *event]; 0 for one that is missing.

    Raises:
        InvalidInput: for a likelihood whose elements depend on each other.
    """
    px = trace.px
    if hasattr(px, "element_log_prob"):
        return -px.element_log_prob(trace.x)
    if not isinstance(px, _INDEPENDENT) or px.distribution.event_shape.rank != 0:
        raise InvalidInput(
            "model",
            "one whose elements of x are independent given z, to tell what each contributes",
            type(getattr(model, "likelihood", model)).__name__,
        )
    return -px.distribution.log_prob(trace.x)


def shared_evenly(amount: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Return [B, *event] whose sums are `amount` [B], in equal parts for the elements that are observed.

    Example:
        >>> shared_evenly(tf.constant([3.0]), tf.constant([[0.0, float("nan"), 2.0]])).numpy()
        array([[1.5, 0. , 1.5]], dtype=float32)
    """
    axes = list(range(1, x.shape.rank))
    observed = tf.cast(~tf.math.is_nan(x), tf.float32)
    count = tf.reduce_sum(observed, axes, keepdims=True)
    part = tf.where(count > 0, observed / tf.maximum(count, 1), 1 / math.prod(x.shape[1:]))
    return part * tf.reshape(amount, (-1, *[1] * len(axes)))
