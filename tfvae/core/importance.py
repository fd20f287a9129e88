"""Importance sampling of log p(x), in bounded memory, with its standard error."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from tfvae.core.types import Tensor


def log_mean_weight(
    log_weights: Callable[[Tensor, Tensor], Tensor],
    num_samples: int | Tensor,
    chunk: int,
    seed: Tensor,
) -> tuple[Tensor, Tensor]:
    """Estimate log E[w] from `num_samples` draws, `chunk` at a time.

    estimate = log((1/K) sum_k w_k),  standard error = std(w) / (sqrt(K) mean(w)) by the delta method

    The estimate is a lower bound of log p(x) in expectation, tight as K grows.

    Args:
        log_weights: function of (number of draws S, seed) that returns log w, [S, B].
        num_samples: K.
        chunk: draws evaluated at once; the memory needed is proportional to it.
        seed: int32 [2]; each chunk folds its number into it.

    Returns:
        The estimate and its standard error, each [B], in nats; the error is NaN for K = 1.

    Source: Burda et al. 2016, equation 8.
    """
    num_samples = tf.convert_to_tensor(num_samples)
    chunk = tf.minimum(chunk, num_samples)
    rest = num_samples % chunk

    def add(total: Tensor, log_w: Tensor) -> Tensor:
        return tf.reduce_logsumexp(tf.concat([total[tf.newaxis], log_w], 0), 0)

    # The first draws, outside the loop, take up the remainder and fix the shape of the sums.
    log_w = log_weights(tf.where(rest > 0, rest, chunk), tf.random.experimental.stateless_fold_in(seed, 0))
    first, second = tf.reduce_logsumexp(log_w, 0), tf.reduce_logsumexp(2 * log_w, 0)
    for index in tf.range(1, (num_samples + chunk - 1) // chunk):
        log_w = log_weights(chunk, tf.random.experimental.stateless_fold_in(seed, index))
        first, second = add(first, log_w), add(second, 2 * log_w)

    count = tf.cast(num_samples, tf.float32)
    # mean(w^2) / mean(w)^2 - 1 is the squared coefficient of variation of the weights.
    spread = tf.exp(second - 2 * first + tf.math.log(count)) - 1
    error = tf.sqrt(tf.maximum(spread, 0.0) / count)
    return first - tf.math.log(count), tf.where(num_samples > 1, error, math.nan)
