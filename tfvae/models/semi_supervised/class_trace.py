"""The record of one pass through a model with a class y, summed over where it is not known."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassTrace(Trace):
    """One pass with every class: bounds and weights are sums over y, exact given the draws of z.

    r(y) = q(y|x) where the class is unknown, 1 for the known one and 0 for the others elsewhere.
    -ELBO = sum_y r(y) (-E log p(x|y,z) + KL(q(z|x,y) || p(z))) + KL(r(y) || p(y))

    The distributions, z and its densities in `each` are those of every example with every class. q, p, px
    and z of this trace are those of `each`. A classifier that sees a draw, q(y|x,a), makes C = S guesses at
    the class of each example, and bounds are means over them; any other makes C = 1.

    Attributes:
        each: the trace of B K examples with S draws, or of C B K with one each, the class running fastest.
        label: the class, or -1, [B].
        log_classifier: log q(y|x), [C, B, K].
        log_class_prior: log p(y), [K].

    Source: Kingma et al. 2014, equations 6 and 7.
    """

    each: Trace
    label: Tensor
    log_classifier: Tensor
    log_class_prior: Tensor

    @functools.cached_property
    def known(self) -> Tensor:
        """Whether the class is known, [B]."""
        return self.label >= 0

    @functools.cached_property
    def one_hot(self) -> Tensor:
        """The class as a one-hot code, zeros where it is unknown, [B, K]."""
        return tf.one_hot(tf.cast(self.label, tf.int32), self.num_classes)

    @functools.cached_property
    def shares(self) -> Tensor:
        """r(y), [C, B, K]."""
        return tf.where(self.known[:, tf.newaxis], self.one_hot, tf.exp(self.log_classifier))

    @functools.cached_property
    def class_rate(self) -> Tensor:
        """KL(r(y) || p(y)), which is -log p(y) for a known class, [B]."""
        # A known class has no entropy; 0 log 0 is never formed.
        log_shares = tf.where(self.known[:, tf.newaxis], 0.0, self.log_classifier)
        by_guess = tf.reduce_sum(self.shares * (log_shares - self.log_class_prior), axis=-1)
        return tf.reduce_mean(by_guess, axis=0)

    @functools.cached_property
    def log_x(self) -> Tensor:
        """sum_y r(y) log p(x|y,z), [S, B]."""
        return tf.reduce_sum(self.shares * self._by_class(self.each.log_x), axis=-1)

    @functools.cached_property
    def log_p(self) -> Tensor:
        """sum_y r(y) log p(y,z), [S, B]."""
        by_class = self._by_class(self.each.log_p) + self.log_class_prior
        return tf.reduce_sum(self.shares * by_class, axis=-1)

    @functools.cached_property
    def log_weights(self) -> Tensor:
        """Log of sum_y p(x,y,z_y) / q(z_y|x,y) over the classes that are possible, [S, B].

        The mean of the weights is an unbiased estimate of p(x), or of p(x,y) where the class is known.
        """
        by_class = self._by_class(self.each.log_weights) + self.log_class_prior
        known = tf.reduce_sum(self.one_hot * by_class, axis=-1)
        return tf.where(self.known, known, tf.reduce_logsumexp(by_class, axis=-1))

    @functools.cached_property
    def rates(self) -> Tensor:
        """sum_y r(y) KL(q(z|x,y) || p(z)) by group, then the rate of the class, [B, groups]."""
        shape = (self.num_guesses, -1, self.num_classes, self.each.rates.shape[-1])
        by_guess = tf.reduce_sum(self.shares[..., tf.newaxis] * tf.reshape(self.each.rates, shape), axis=2)
        groups = tf.reduce_mean(by_guess, axis=0)
        return tf.concat([groups, self.class_rate[:, tf.newaxis]], axis=-1)

    @functools.cached_property
    def classification(self) -> Tensor:
        """-log q(y|x) where the class is known, else 0, [B]."""
        return -tf.reduce_mean(tf.reduce_sum(self.one_hot * self.log_classifier, axis=-1), axis=0)

    @property
    def num_classes(self) -> int:
        """K."""
        return self.log_classifier.shape[-1]

    @property
    def num_guesses(self) -> Tensor:
        """C."""
        return tf.shape(self.log_classifier)[0]

    def _by_class(self, values: Tensor) -> Tensor:
        """Return [S, B K], or [1, C B K], as [S, B, K]."""
        return tf.reshape(values, (tf.shape(values)[0] * self.num_guesses, -1, self.num_classes))
