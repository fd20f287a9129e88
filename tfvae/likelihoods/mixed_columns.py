"""The likelihood of a table whose columns are of different kinds and may have missing values."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.support import ColumnSupports
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions.mixed_row import MixedRow, join_columns
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.column_groups import group_columns, split_groups
from tfvae.likelihoods.columns import Column
from tfvae.networks import flatten, num_features


class MixedColumns(Likelihood):
    """p(x_obs|z) = prod over observed d of p(x_d|z), each column d with a distribution of its kind.

    A row is a vector of floats; categories and ranks are their numbers, and NaN is a missing value, which
    is left out. A row with nothing observed has log-likelihood 0. Discrete columns add log-masses and
    continuous ones log densities in the units of x. Columns of equal kind are computed together.

    The encoder sees each column as its kind says (one-hot categories, thermometers of ranks, logarithms of
    counts and positive numbers), zeros for missing values, and then which values are observed.

    Args:
        columns: the kind of each column: `Real`, `Positive`, `Count`, `Category` or `Ordinal`.

    Source: Nazabal et al. 2020 (HI-VAE), section 3, without its mixture over groups of rows.

    Example:
        >>> from tfvae.likelihoods import Category, Count, Real
        >>> likelihood = MixedColumns((Real(), Category(3), Count()))
        >>> px = likelihood.distribution(likelihood(tf.zeros([1, 2])))
        >>> missing = float("nan")
        >>> px.log_prob([[missing, 2.0, missing]]).numpy().round(3)    # log(1/3)
        array([-1.099], dtype=float32)
        >>> likelihood.encoder_input(tf.constant([[missing, 2.0, 0.0]])).numpy()
        array([[0., 0., 0., 1., 0., 0., 1., 1.]], dtype=float32)
    """

    def __init__(self, columns: tuple[Column, ...], *, name: str | None = None, dtype: DType = None):
        columns = tuple(columns) if isinstance(columns, list | tuple) else columns
        if not isinstance(columns, tuple) or not columns:
            raise InvalidInput("columns", "one or more kinds of columns", columns)
        for column in columns:
            if not isinstance(column, Column):
                raise InvalidInput("columns", "kinds such as Real() or Category(3)", column)
        super().__init__((len(columns),), name=name, dtype=dtype)
        self.columns = columns
        self.support = ColumnSupports(tuple(column.support for column in columns))
        self._groups = group_columns(columns)
        self._indices = tuple(group.indices for group in self._groups)
        self._channels = [group.kind.channels for group in self._groups]
        self._shared = [
            self.add_weight(
                name=f"shared_{number}", shape=(len(group.indices), group.kind.shared), initializer="zeros"
            )
            for number, group in enumerate(self._groups)
            if group.kind.shared
        ]

    def build(self, input_shape: InputShape) -> None:
        """Make the projection to the parameters of all columns."""
        total = sum(column.channels for column in self.columns)
        self.head = Head((total,), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], num_features(input_shape)))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"raw"}, the parameters of all columns, [B, parameters]."""
        return {"raw": self.head(flatten(inputs))[..., 0]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of a row."""
        groups = [kind.distribution(raw, shared) for kind, raw, shared in self._parameters(params)]
        return MixedRow(groups, self._indices, [group.kind.support for group in self._groups])

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return [B, sum of the columns' widths + number of columns]: the row, then 1 for observed."""
        observed = ~tf.math.is_nan(x)
        codes: dict[int, Tensor] = {}
        for group in self._groups:
            values = tf.gather(x, group.indices, axis=-1)
            known = tf.gather(observed, group.indices, axis=-1)
            code = group.kind.encode(tf.where(known, values, group.kind.support.fill_value))
            code = tf.where(known[..., tf.newaxis], code, tf.zeros_like(code))
            codes.update(zip(group.indices, tf.unstack(code, axis=-2), strict=True))
        in_order = [codes[index] for index in range(len(self.columns))]
        return tf.concat([*in_order, tf.cast(observed, tf.float32)], axis=-1)

    def mean(self, params: Tensors) -> Tensor:
        """Return for each column its mean, for categories and ranks the most probable one."""
        means = [kind.mean(raw, shared) for kind, raw, shared in self._parameters(params)]
        return join_columns(means, self._indices)

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return the statistics of all columns side by side, [..., numbers], those of equal kind together."""
        parts = [kind.statistic(raw, shared) for kind, raw, shared in self._parameters(params)]
        leading = tf.shape(params["raw"])[:-1]
        return tf.concat([tf.reshape(part, tf.concat([leading, [-1]], 0)) for part in parts], axis=-1)

    def missing_estimate(self, average: Tensor) -> Tensor:
        """Return a row of means, geometric ones of positive numbers, most probable categories and ranks."""
        sizes = [group.kind.statistics for group in self._groups]
        split = split_groups(average, self._groups, sizes)
        values = [group.kind.estimate(part) for group, part in zip(self._groups, split, strict=True)]
        return join_columns(values, self._indices)

    def _parameters(self, params: Tensors) -> list[tuple[Column, Tensor, Tensor]]:
        """Return each group's kind, its parameters [..., n, channels], and its learned ones [n, shared]."""
        split = split_groups(params["raw"], self._groups, self._channels)
        weights = iter(self._shared)
        shared = [
            tf.convert_to_tensor(next(weights), tf.float32)
            if group.kind.shared
            else tf.zeros((len(group.indices), 0))
            for group in self._groups
        ]
        return [(group.kind, *given) for group, *given in zip(self._groups, split, shared, strict=True)]
