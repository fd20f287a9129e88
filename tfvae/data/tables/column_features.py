"""From one raw column to the numbers that a model sees, and back; float64 operations of TensorFlow."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.core.types import Tensor
from tfvae.data.tables.profile import Profile
from tfvae.data.tables.schema import ColumnSchema, TableSchema

_LARGEST_Z = 1e4  # standardized values, also infinite ones, are clipped to this
_LARGEST_COUNT = 2.0**24  # up to which a float32 represents every integer
_DAY = 86400.0
_THURSDAY, _MONDAY = 3, 4  # weekday of day 0 of 1970, counted from Monday; the first day that is a Monday


class ColumnFeatures(abc.ABC):
    """The features of one column; abstract.

    Attributes:
        name: the column's name.
        kinds: kinds of its features as `tfvae.zoo.hi_vae` takes them (real, count, category:K or ordinal:K),
            by what is added to the column's name.
        dtype: type of the raw column.
    """

    def __init__(self, name: str, kinds: dict[str, str], dtype: tf.DType = tf.float64):
        self.name, self.kinds, self.dtype = name, kinds, dtype

    @abc.abstractmethod
    def features(self, value: Tensor) -> list[Tensor]:
        """Return the features, each float64 [B], NaN where missing.

        Args:
            value: the raw column, [B].
        """

    @abc.abstractmethod
    def values(self, x: Tensor) -> Tensor:
        """Return a raw column [B] that has these features.

        Args:
            x: the features, float64 [B, len(kinds)].
        """


def column_features(table: TableSchema, profiles: tuple[Profile, ...]) -> list[ColumnFeatures]:
    """Return the features of each modeled column.

    Args:
        table: the kinds of the columns.
        profiles: of the modeled columns.
    """
    return [
        _COLUMNS[column.kind](column, profile)
        if column.kind in _COLUMNS
        else _listed_features(column, table.missing)
        for column, profile in zip(table.modeled, profiles, strict=True)
    ]


@final
class RealFeatures(ColumnFeatures):
    """A column of real numbers, standardized by location and scale.

    Args:
        schema: the column's kind.
        profile: its profile in training.
    """

    def __init__(self, schema: ColumnSchema, profile: Profile):
        super().__init__(schema.name, {"": "real"})
        self._profile = profile

    def features(self, value: Tensor) -> list[Tensor]:
        """Return (v - loc) / scale."""
        return [_standardized(value, self._profile)]

    def values(self, x: Tensor) -> Tensor:
        """Return v."""
        return x[..., 0] * self._profile.scale + self._profile.loc


@final
class PositiveFeatures(ColumnFeatures):
    """A column of positive numbers, whose logarithms are standardized.

    Args:
        schema: the column's kind.
        profile: its profile in training.
    """

    def __init__(self, schema: ColumnSchema, profile: Profile):
        super().__init__(schema.name, {"": "real"})
        self._profile = profile

    def features(self, value: Tensor) -> list[Tensor]:
        """Return (log v - loc) / scale; smaller numbers are replaced by the profile's lowest."""
        log = tf.math.log(tf.maximum(value, self._profile.lowest))
        return [_standardized(tf.where(tf.math.is_nan(value), value, log), self._profile)]

    def values(self, x: Tensor) -> Tensor:
        """Return v."""
        return tf.exp(x[..., 0] * self._profile.scale + self._profile.loc)


@final
class CountFeatures(ColumnFeatures):
    """A column of counts, unchanged; impossible counts are replaced by one far above the largest.

    Args:
        schema: the column's kind.
        profile: its profile in training.
    """

    def __init__(self, schema: ColumnSchema, profile: Profile):
        super().__init__(schema.name, {"": "count"})
        self._impossible = 20 + 4 * profile.highest

    def features(self, value: Tensor) -> list[Tensor]:
        """Return v, at most 2^24."""
        wrong = (value < 0) | (value != tf.floor(value))
        count = tf.minimum(tf.where(wrong, np.float64(self._impossible), value), _LARGEST_COUNT)
        return [tf.where(tf.math.is_nan(value), value, count)]

    def values(self, x: Tensor) -> Tensor:
        """Return the nearest integers."""
        return tf.round(x[..., 0])


@final
class ListedFeatures(ColumnFeatures):
    """A category or an ordinal: the index among its K - 1 values, and K - 1 for a value never seen.

    Args:
        name: the column's name.
        kind: category:K or ordinal:K.
        dtype: string or float64.
        values: NumPy array of the values, bytes or numbers.
        never_seen: value that stands for one never seen.
        missing: texts that stand for a missing value; no effect for numbers.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        dtype: tf.DType,
        values: np.ndarray,
        never_seen: bytes | float,
        missing: list[bytes],
    ):
        super().__init__(name, {"": kind}, dtype)
        self._values, self._never_seen, self._missing = values, never_seen, missing

    def features(self, value: Tensor) -> list[Tensor]:
        """Return the index; compared with all values, so that the graph needs no lookup table."""
        same = tf.cast(tf.equal(value[..., tf.newaxis], tf.constant(self._values, self.dtype)), tf.float64)
        indices = tf.range(len(self._values), dtype=tf.float64)
        known = tf.reduce_max(same, axis=-1) > 0
        index = tf.where(known, tf.reduce_sum(same * indices, axis=-1), np.float64(len(self._values)))
        return [tf.where(self._is_missing(value), np.float64("nan"), index)]

    def values(self, x: Tensor) -> Tensor:
        """Return the values with these indices."""
        all_values = tf.constant([*self._values, self._never_seen], self.dtype)
        nothing = tf.constant(b"" if self.dtype == tf.string else np.nan, self.dtype)
        index, missing = x[..., 0], tf.math.is_nan(x[..., 0])
        index = tf.cast(
            tf.clip_by_value(tf.where(missing, np.float64(0), index), 0, len(self._values)), tf.int32
        )
        return tf.where(missing, nothing, tf.gather(all_values, index))

    def _is_missing(self, value: Tensor) -> Tensor:
        if self.dtype != tf.string:
            return tf.math.is_nan(value)
        return tf.reduce_any(tf.equal(value[..., tf.newaxis], tf.constant(self._missing)), axis=-1)


@final
class DateFeatures(ColumnFeatures):
    """A column of dates: what recurs in them, as a date itself never does.

    Args:
        schema: the column's kind.
        profile: its profile in training.
    """

    def __init__(self, schema: ColumnSchema, profile: Profile):
        hour = {" (hour)": "category:24"} if profile.hours else {}
        super().__init__(schema.name, {" (weekday)": "category:7"} | hour)

    def features(self, value: Tensor) -> list[Tensor]:
        """Return the weekday from Monday and, if times of day differ, the hour."""
        value = tf.where(tf.math.is_finite(value), value, np.float64("nan"))
        day = tf.floor(value / _DAY)
        weekday = tf.math.floormod(day + _THURSDAY, 7.0)
        hour = tf.floor((value - day * _DAY) / 3600.0)
        return [weekday, hour][: len(self.kinds)]

    def values(self, x: Tensor) -> Tensor:
        """Return a time in the first full week of 1970."""
        hour = x[..., 1] if len(self.kinds) > 1 else tf.zeros_like(x[..., 0])
        return (_MONDAY + tf.round(x[..., 0])) * _DAY + tf.round(hour) * 3600.0


def _listed_features(schema: ColumnSchema, missing: tuple[str, ...]) -> ListedFeatures:
    kind = f"{schema.kind}:{len(schema.values) + 1}"
    if schema.is_text:
        values = np.array(schema.stored_values, object)
        markers = [b"", *(text.encode() for text in missing if text)]
        return ListedFeatures(schema.name, kind, tf.string, values, b"(never seen)", markers)
    values = np.array(schema.values, np.float64)
    return ListedFeatures(schema.name, kind, tf.float64, values, np.inf, [])


def _standardized(value: Tensor, profile: Profile) -> Tensor:
    z = (value - profile.loc) * (1 / profile.scale)
    return tf.where(tf.math.is_nan(value), value, tf.clip_by_value(z, -_LARGEST_Z, _LARGEST_Z))


_COLUMNS = {"real": RealFeatures, "positive": PositiveFeatures, "count": CountFeatures, "date": DateFeatures}
