"""The score-function gradient of an expectation over discrete draws."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.replicas import sum_over_replicas
from tfvae.core.types import Tensor


def score_function_loss(loss: Tensor, log_q: Tensor) -> Tensor:
    """Return the loss with the gradient of an expectation over draws that carry no gradient themselves.

    value:     loss_b
    gradient:  d loss_b + (loss_b - baseline_b) d sum_s log q(z_bs)

    The baseline is the mean loss of all other examples, on whatever replica they are. It does not
    depend on the example's own draws, so the estimate stays unbiased. A part of the loss that does not
    depend on the draws, such as a KL divergence in closed form, has its own gradient in `d loss_b` and is
    multiplied here with a score whose expectation is zero: it adds variance, and no bias. The loss of
    an example must not depend on the draws of another.

    Args:
        loss: loss of each example, [B].
        log_q: log probability of each draw, differentiable in the parameters alone, [S, B].

    Source: Williams 1992, REINFORCE; Mnih and Rezende 2016, section 2.

    Example:
        >>> float(score_function_loss(tf.constant([2.0, 3.0]), tf.zeros([1, 2]))[0])
        2.0
    """
    fixed = tf.stop_gradient(loss)
    count = sum_over_replicas(tf.cast(tf.shape(loss)[0], loss.dtype))
    baseline = (sum_over_replicas(tf.reduce_sum(fixed)) - fixed) / tf.maximum(count - 1.0, 1.0)
    score = tf.reduce_sum(log_q, axis=0)
    return loss + (fixed - baseline) * (score - tf.stop_gradient(score))
