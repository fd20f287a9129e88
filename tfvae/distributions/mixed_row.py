"""A row of a table: independent columns, each group of them with a distribution of its own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.support import Support
from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution


class MixedRow(UnvalidatedDistribution):
    """A vector x whose entries are independent, with distributions of several kinds.

    log p(x) = sum over observed d of log p_d(x_d)

    NaN is a missing value, which has log density 0. A value outside a column's support has log density
    -inf.

    Args:
        groups: distributions of groups of columns, batch shapes [..., n_g].
        indices: columns of each group, n_g numbers each.
        supports: values that the columns of each group can take.
        name: of the distribution.

    Example:
        >>> groups = tfd.Normal(tf.zeros([2]), 1.0), tfd.Poisson(tf.ones([1]))
        >>> p = MixedRow(groups, ((0, 2), (1,)), (Support(), Support(0.0)))
        >>> p.element_log_prob(tf.constant([0.0, 0.0, float("nan")])).numpy().round(3)
        array([-0.919, -1.   ,  0.   ], dtype=float32)
    """

    def __init__(
        self,
        groups: Sequence[tfd.Distribution],
        indices: Sequence[tuple[int, ...]],
        supports: Sequence[Support],
        name: str = "MixedRow",
    ):
        parameters = dict(locals())
        self._groups, self._indices, self._supports = tuple(groups), tuple(indices), tuple(supports)
        super().__init__(parameters, name=name)

    def _batch_shape(self) -> tf.TensorShape:
        return self._groups[0].batch_shape[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return self._groups[0].batch_shape_tensor()[:-1]

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([sum(map(len, self._indices))])

    def _event_shape_tensor(self, **_: Any) -> Tensor:
        return tf.constant(self._event_shape().as_list(), tf.int32)

    def element_log_prob(self, x: Tensor) -> Tensor:
        """Return log p_d(x_d) of each column, [..., columns]; 0 where it is missing."""
        return join_columns(self._log_probs(x), self._indices)

    def _log_prob(self, x: Tensor) -> Tensor:
        total = 0.0
        for part in self._log_probs(x):
            total += tf.reduce_sum(part, axis=-1)
        return total

    def _log_probs(self, x: Tensor) -> list[Tensor]:
        """Return log p_d(x_d) of the columns of each group, [..., n_g]."""
        log_probs = []
        for group, indices, support in zip(self._groups, self._indices, self._supports, strict=True):
            values = tf.gather(x, indices, axis=-1)
            # NaN is replaced before the density, whose gradient there could be NaN.
            usable = (values >= support.low) & (values <= support.high)
            otherwise = tf.where(tf.math.is_nan(values), 0.0, -math.inf)
            log_prob = group.log_prob(tf.where(usable, values, support.fill_value))
            log_probs.append(tf.where(usable, log_prob, otherwise))
        return log_probs

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        seeds = tfp.random.split_seed(seed, n=len(self._groups))
        draws = [group.sample(n, seed=part) for group, part in zip(self._groups, seeds, strict=True)]
        return join_columns(draws, self._indices)


def join_columns(groups: Sequence[Tensor], indices: Sequence[tuple[int, ...]]) -> Tensor:
    """Return rows [..., columns] of groups of columns [..., n_g] and the indices of each group's columns.

    Example:
        >>> join_columns([tf.constant([1.0, 3.0]), tf.constant([2.0])], [(0, 2), (1,)]).numpy()
        array([1., 2., 3.], dtype=float32)
    """
    order = list(itertools.chain.from_iterable(indices))
    places = sorted(range(len(order)), key=order.__getitem__)
    return tf.gather(tf.concat(list(groups), axis=-1), places, axis=-1)
