"""The likelihood of a table whose columns are of different kinds and may have gaps."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.support import ColumnSupports
from tfvae.distributions.base import BaseDistribution
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.column_kinds import Category, Column, Count, Ordinal, Positive, Real

__all__ = ["Category", "Column", "Count", "MixedColumns", "Ordinal", "Positive", "Real"]


class MixedColumns(Likelihood):
    """p(x_obs|z) = prod over observed d of p(x_d|z), each column d with a distribution of its kind.

    A row is a vector of floats; categories and ranks are their numbers, and NaN is a missing value, which
    is left out. A row with nothing observed has log-likelihood 0. Discrete columns add log-masses and
    continuous ones log-densities in the units of x. Columns of equal kind are computed together.

    The encoder sees each column as its kind says (one-hot categories, thermometers of ranks, logarithms of
    counts and positive numbers), zeros for missing values, and then which values are observed.

    Args:
        columns: the kind of each column: `Real`, `Positive`, `Count`, `Category` or `Ordinal`.

    Source: Nazabal et al. 2020 (HI-VAE), section 3, without its mixture over groups of rows.

    Example:
        >>> likelihood = MixedColumns((Real(), Category(3), Count()))
        >>> px = likelihood.distribution(likelihood(tf.zeros([1, 2])))
        >>> missing = float("nan")
        >>> px.log_prob([[missing, 2.0, missing]]).numpy().round(3)    # log(1/3)
        array([-1.099], dtype=float32)
        >>> likelihood.encoder_input(tf.constant([[missing, 2.0, 0.0]])).numpy()
        array([[0., 0., 0., 1., 0., 0., 1., 1.]], dtype=float32)
    """

    def __init__(self, columns: tuple[Column, ...], *, name: str | None = None, dtype: object = None):
        columns = tuple(columns) if isinstance(columns, list | tuple) else columns
        if not isinstance(columns, tuple) or not columns:
            raise InvalidInput("columns", "one or more kinds of columns", columns)
        for column in columns:
            if not isinstance(column, Column):
                raise InvalidInput("columns", "kinds such as Real() or Category(3)", column)
        super().__init__((len(columns),), name=name, dtype=dtype)
        self.columns = columns
        self.support = ColumnSupports(tuple(column.support for column in columns))
        self._groups = _grouped(columns)
        self._shared = [
            self.add_weight(
                name=f"shared_{number}", shape=(len(group.indices), group.kind.shared), initializer="zeros"
            )
            for number, group in enumerate(self._groups)
            if group.kind.shared
        ]

    def build(self, input_shape: tuple) -> None:
        """Make the projection to the parameters of all columns."""
        self.head = Head((sum(_sizes(self._groups)),), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], math.prod(input_shape[1:])))

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"raw"}, the parameters of all columns, [B, parameters]."""
        flat = tf.reshape(inputs, (-1, math.prod(inputs.shape[1:])))
        return {"raw": self.head(flat)[..., 0]}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the distribution of a row."""
        return _Row(params["raw"], self._groups, self._shared_now())

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return [B, sum of the columns' widths + number of columns]: the row, then 1 for observed."""
        observed = ~tf.math.is_nan(x)
        parts: list[tf.Tensor] = [None] * len(self.columns)
        for group in self._groups:
            values = tf.gather(x, group.indices, axis=-1)
            known = tf.gather(observed, group.indices, axis=-1)
            code = group.kind.encode(tf.where(known, values, group.kind.support.fill_value))
            code = tf.where(known[..., tf.newaxis], code, tf.zeros_like(code))
            for index, part in zip(group.indices, tf.unstack(code, axis=-2), strict=True):
                parts[index] = part
        return tf.concat([*parts, tf.cast(observed, tf.float32)], axis=-1)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return for each column its mean, for categories and ranks the most probable one."""
        split = _split(params["raw"], self._groups)
        shared = self._shared_now()
        means = [group.kind.mean(*given) for group, *given in zip(self._groups, split, shared, strict=True)]
        return _in_order(means, self._groups)

    def missing_statistic(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the statistics of all columns side by side, [..., numbers], those of equal kind together."""
        split = _split(params["raw"], self._groups)
        given = zip(self._groups, split, self._shared_now(), strict=True)
        parts = [group.kind.statistic(raw, shared) for group, raw, shared in given]
        leading = tf.shape(params["raw"])[:-1]
        return tf.concat([tf.reshape(part, tf.concat([leading, [-1]], 0)) for part in parts], axis=-1)

    def missing_estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return a row of means, geometric ones of positive numbers, most probable categories and ranks."""
        split = _split(average, self._groups, "statistics")
        values = [group.kind.estimate(part) for group, part in zip(self._groups, split, strict=True)]
        return _in_order(values, self._groups)

    def _shared_now(self) -> list[tf.Tensor]:
        """Return the learned parameters of each group, [n, shared], from the current weights."""
        weights = iter(self._shared)
        return [
            tf.convert_to_tensor(next(weights), tf.float32)
            if group.kind.shared
            else tf.zeros((len(group.indices), 0))
            for group in self._groups
        ]


@dataclasses.dataclass(frozen=True)
class _Group:
    """Columns of equal kind, computed together."""

    kind: Column
    indices: tuple[int, ...]


def _grouped(columns: tuple[Column, ...]) -> tuple[_Group, ...]:
    members: dict[tuple, list[int]] = {}
    for index, column in enumerate(columns):
        key = (type(column), json.dumps(column.get_config(), sort_keys=True))
        members.setdefault(key, []).append(index)
    return tuple(_Group(columns[indices[0]], tuple(indices)) for indices in members.values())


def _sizes(groups: tuple[_Group, ...], each: str = "channels") -> list[int]:
    return [len(group.indices) * getattr(group.kind, each) for group in groups]


def _split(raw: tf.Tensor, groups: tuple[_Group, ...], each: str = "channels") -> list[tf.Tensor]:
    """Split numbers [..., total] into [..., n, channels] for each group, or as many as a kind has `each`."""
    leading = tf.shape(raw)[:-1]
    return [
        tf.reshape(part, tf.concat([leading, [len(group.indices), getattr(group.kind, each)]], 0))
        for group, part in zip(groups, tf.split(raw, _sizes(groups, each), axis=-1), strict=True)
    ]


def _in_order(parts: list[tf.Tensor], groups: tuple[_Group, ...]) -> tf.Tensor:
    """Join values [..., n] of each group to rows [..., columns]."""
    order = list(itertools.chain.from_iterable(group.indices for group in groups))
    places = sorted(range(len(order)), key=order.__getitem__)
    return tf.gather(tf.concat(parts, axis=-1), places, axis=-1)


class _Row(BaseDistribution):
    """Independent columns of several kinds; NaN has log-density 0."""

    def __init__(self, raw: tf.Tensor, groups: tuple[_Group, ...], shared: list[tf.Tensor]):
        parameters = dict(locals())
        self._raw, self._groups = raw, groups
        self._kinds = [
            group.kind.distribution(part, learned)
            for group, part, learned in zip(groups, _split(raw, groups), shared, strict=True)
        ]
        super().__init__(parameters)

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: object = None) -> dict:
        return {"raw": tfp.util.ParameterProperties(event_ndims=1)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([sum(len(group.indices) for group in self._groups)])

    def _event_shape_tensor(self, **_: object) -> tf.Tensor:
        return tf.constant(self._event_shape().as_list(), tf.int32)

    def element_log_prob(self, x: tf.Tensor) -> tf.Tensor:
        """Return log p(x_d|z) of each column, [..., columns]; 0 where it is missing."""
        return _in_order(self._parts(x), self._groups)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for part in self._parts(x):
            total += tf.reduce_sum(part, axis=-1)
        return total

    def _parts(self, x: tf.Tensor) -> list[tf.Tensor]:
        """Return log p(x_d|z) of the columns of each group, [..., n]."""
        parts = []
        for group, distribution in zip(self._groups, self._kinds, strict=True):
            support = group.kind.support
            values = tf.gather(x, group.indices, axis=-1)
            # A value is put where there is none before the density, whose gradient there could be NaN.
            usable = (values >= support.low) & (values <= support.high)
            otherwise = tf.where(tf.math.is_nan(values), 0.0, -math.inf)
            log_prob = distribution.log_prob(tf.where(usable, values, support.fill_value))
            parts.append(tf.where(usable, log_prob, otherwise))
        return parts

    def _sample_n(self, n: int, seed: object = None) -> tf.Tensor:
        seeds = tfp.random.split_seed(seed, n=len(self._kinds))
        draws = [kind.sample(n, seed=part) for kind, part in zip(self._kinds, seeds, strict=True)]
        return _in_order(draws, self._groups)
