"""The trace of a model that takes one latent step after another."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceTrace(Trace):
    """A pass of T steps, each with its own posterior, prior and likelihood given the steps before.

    log p(x, z) - log q(z|x) = sum_t log p(x_t|z_<=t, x_<t) + log p(z_t|z_<t, x_<t) - log q(z_t|z_<t, x_<=t)

    `q`, `p` and `px` are those of all steps of all draws in a row, [T S B]; the densities of the trace are
    the sums over the steps that are there.

    Attributes:
        steps: the trace of all steps of all draws as examples of their own, [1, T S B].
        there: which steps are there, bool [B, T].

    Source: Chung et al. 2015, equation 11.
    """

    steps: Trace
    there: Tensor

    def __post_init__(self):
        """Check nothing, as `steps` has checked the events of one step."""

    @functools.cached_property
    def log_p(self) -> Tensor:
        """Sum over the steps of log p(z_t|z_<t, x_<t), [S, B]."""
        return tf.reduce_sum(self.by_step(self.steps.log_p[0]), axis=0)

    @functools.cached_property
    def log_x(self) -> Tensor:
        """Sum over the steps of log p(x_t|z_<=t, x_<t), [S, B]."""
        return tf.reduce_sum(self.by_step(self.steps.log_x[0]), axis=0)

    @functools.cached_property
    def element_nll(self) -> Tensor:
        """-log p(x_t|z_<=t, x_<t) of each element of each step, [S, B, T, ...]; 0 for steps not there."""
        parts = self.steps.element_nll[0]
        parts = tf.reshape(parts, (self.there.shape[1], -1, tf.shape(self.there)[0], *parts.shape[1:]))
        parts = tf.transpose(parts, (1, 2, 0, *range(3, parts.shape.rank)))
        there = tf.reshape(self.there, (1, *parts.shape[1:3], *[1] * (parts.shape.rank - 3)))
        return tf.where(there, parts, 0.0)

    @functools.cached_property
    def rates(self) -> Tensor:
        """KL(q(z_t|z_<t, x_<=t) || p(z_t|z_<t, x_<t)) in the mean over the draws of z_<t, [B, T]."""
        return tf.transpose(tf.reduce_mean(self.by_step(self.steps.rate), axis=1))

    def by_step(self, values: Tensor) -> Tensor:
        """Return values [T S B] as [T, S, B], with 0 for steps that are not there."""
        return by_step(values, self.there)


def by_step(values: Tensor, there: Tensor) -> Tensor:
    """Return values [T S B] as [T, S, B], with 0 where `there` [B, T] is false."""
    values = tf.reshape(values, (there.shape[1], -1, tf.shape(there)[0]))
    return tf.where(tf.transpose(there)[:, tf.newaxis], values, 0.0)
