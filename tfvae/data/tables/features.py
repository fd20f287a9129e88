"""From the columns of a table to the numbers that a model sees, as a layer that goes with every export."""

from __future__ import annotations

import dataclasses
from typing import final

import keras
import numpy as np
import tensorflow as tf

from tfvae.data.tables.files import TableFile
from tfvae.data.tables.profile import Profile, profiles
from tfvae.data.tables.raw_columns import RawTable, input_names
from tfvae.data.tables.schema import ColumnSchema, TableSchema

Tensors = dict[str, tf.Tensor]

_FARTHEST = 1e4  # standardized values are kept within this, infinite ones too
_LARGEST_COUNT = 2.0**24  # up to which a float32 holds every integer
_DAY = 86400.0
_THURSDAY, _MONDAY = 3, 4  # weekday of day 0 of 1970, counted from Monday; first day that is a Monday


@dataclasses.dataclass(frozen=True)
class Feature:
    """One number of x.

    Attributes:
        name: the column's name, with what is taken of it.
        column: the column's name.
        kind: its distribution's name, as `tfvae.zoo.hi_vae` takes it: real, count, category:K or ordinal:K.
    """

    name: str
    column: str
    kind: str


@final
@keras.saving.register_keras_serializable("tfvae")
class TableFeatures(keras.layers.Layer):
    """raw columns by name, each [B] -> x [B, features], float32 with NaN for missing values.

    real: (v - loc) / scale by the median and the quartiles; positive: the same of log v; count: v as it is;
    category and ordinal: the place among the values, and one more place for a value never seen; date: weekday
    and, where the data has times of day, hour. A value that its kind cannot take is never seen before either,
    and is scored: a number that is not positive is taken as a thousandth of the smallest one in training, a
    count that is negative or broken as one far above the largest.

    Computed in float64, and rounded once at the end. Categories are found by comparing, without tables, so
    that the graph stands alone.

    Args:
        schema: what the columns hold, as `TableSchema.as_json` returns it.
        training: what each modeled column held when this was fitted, as `Profile.as_json` returns it.

    Attributes:
        features: what each number of x is.
        specs: the raw inputs by name: float64 numbers (dates as seconds since the start of 1970, NaN for
            missing), or texts (empty for missing).

    Example:
        >>> import pathlib, tempfile
        >>> from tfvae.data.tables.schema_inference import infer
        >>> from tfvae.data.tables.files import table_file
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
        >>> rows = [f"{i % 7 * i},{'ab'[i % 2]}{chr(10)}" for i in range(100)]
        >>> _ = path.write_text("x,group" + chr(10) + "".join(rows))
        >>> layer = TableFeatures.fit(table_file(path), infer(table_file(path)))
        >>> [feature.kind for feature in layer.features]
        ['real', 'category:3']
        >>> layer({"x": tf.constant([float("nan")], "float64"), "group": tf.constant(["c"])}).numpy()
        array([[nan,  2.]], dtype=float32)
    """

    def __init__(self, schema: dict, training: list[dict], name: str | None = None):
        super().__init__(name=name, dtype="float32", trainable=False, autocast=False)
        self.schema, self.training = schema, training
        self.table = TableSchema.from_json(schema)
        self.profiles = tuple(Profile(**entry) for entry in training)
        self._inputs = input_names(column.name for column in self.table.modeled)
        self._columns = [
            _COLUMNS[column.kind](column, profile, self.table.missing)
            for column, profile in zip(self.table.modeled, self.profiles, strict=True)
        ]
        self.features = tuple(
            Feature(column.schema.name + addition, column.schema.name, kind)
            for column in self._columns
            for addition, kind in column.kinds.items()
        )
        self.specs = {
            self._inputs[column.schema.name]: tf.TensorSpec((None,), column.dtype) for column in self._columns
        }

    @classmethod
    def fit(cls, file: TableFile, schema: TableSchema) -> TableFeatures:
        """Measure what is needed of each column, in one pass and bounded memory.

        Raises:
            InvalidInput: the table lacks a column of the schema.
            UnreadableFile: the file is damaged.
        """
        return cls(schema.as_json(), [profile.as_json() for profile in profiles(file, schema)])

    def raw_table(self) -> RawTable:
        """Return what reads the raw inputs from Arrow's batches."""
        return RawTable(self.table)

    def call(self, inputs: Tensors | tf.Tensor) -> tf.Tensor:
        """Return x [B, features] of raw columns by name; a single one may stand alone."""
        parts = []
        for (name, spec), column in zip(self.specs.items(), self._columns, strict=True):
            value = inputs[name] if isinstance(inputs, dict) else inputs
            parts += column.features(tf.convert_to_tensor(value, spec.dtype))
        return tf.cast(tf.stack(parts, axis=-1), tf.float32)

    def inverse(self, outputs: tf.Tensor) -> Tensors:
        """Return raw columns [B] by name that give such an x."""
        x, first = tf.convert_to_tensor(outputs), 0
        raw = {}
        for name, column in zip(self.specs, self._columns, strict=True):
            width = len(column.kinds)
            raw[name] = column.values(tf.cast(x[..., first : first + width], tf.float64))
            first += width
        return raw

    def compute_output_shape(self, input_shape: object) -> tuple[int | None, int]:
        """[B, features]."""
        return (None, len(self.features))

    def get_config(self) -> dict[str, object]:
        """The arguments of the constructor."""
        return {"schema": self.schema, "training": self.training, "name": self.name}


class _Number:
    """A column of real numbers."""

    dtype = tf.float64

    def __init__(self, schema: ColumnSchema, profile: Profile, missing: tuple[str, ...]):
        self.schema = schema
        self.kinds = {"": "real"}
        self._loc, self._scale, self._reciprocal = profile.loc, profile.scale, 1 / profile.scale
        self._lowest = profile.lowest

    def features(self, value: tf.Tensor) -> list[tf.Tensor]:
        return [self._standardized(value)]

    def values(self, x: tf.Tensor) -> tf.Tensor:
        return x[..., 0] * self._scale + self._loc

    def _standardized(self, value: tf.Tensor) -> tf.Tensor:
        z = (value - self._loc) * self._reciprocal
        return tf.where(tf.math.is_nan(value), value, tf.clip_by_value(z, -_FARTHEST, _FARTHEST))


class _Positive(_Number):
    """A column of positive numbers, by their logarithms."""

    def features(self, value: tf.Tensor) -> list[tf.Tensor]:
        log = tf.math.log(tf.maximum(value, self._lowest))
        return [self._standardized(tf.where(tf.math.is_nan(value), value, log))]

    def values(self, x: tf.Tensor) -> tf.Tensor:
        return tf.exp(super().values(x))


class _Count:
    """A column of counts."""

    dtype = tf.float64

    def __init__(self, schema: ColumnSchema, profile: Profile, missing: tuple[str, ...]):
        self.schema = schema
        self.kinds = {"": "count"}
        self._impossible = 20 + 4 * profile.highest

    def features(self, value: tf.Tensor) -> list[tf.Tensor]:
        wrong = (value < 0) | (value != tf.floor(value))
        count = tf.minimum(tf.where(wrong, np.float64(self._impossible), value), _LARGEST_COUNT)
        return [tf.where(tf.math.is_nan(value), value, count)]

    def values(self, x: tf.Tensor) -> tf.Tensor:
        return tf.round(x[..., 0])


class _Listed:
    """A column of a few values."""

    def __init__(self, schema: ColumnSchema, profile: Profile, missing: tuple[str, ...]):
        self.schema = schema
        self.kinds = {"": f"{schema.kind}:{len(schema.values) + 1}"}
        self.dtype = tf.string if schema.is_text else tf.float64
        self._missing = [b"", *(text.encode() for text in missing if text)]
        texts = [value.encode() for value in schema.values] if schema.is_text else None
        self._values = np.array(texts, object) if texts else np.array(schema.values, np.float64)
        self._never_seen = np.array(b"(never seen)", object) if texts else np.array(np.inf)

    def features(self, value: tf.Tensor) -> list[tf.Tensor]:
        same = tf.cast(tf.equal(value[..., tf.newaxis], tf.constant(self._values, self.dtype)), tf.float64)
        places = tf.range(len(self._values), dtype=tf.float64)
        known = tf.reduce_max(same, axis=-1) > 0
        code = tf.where(known, tf.reduce_sum(same * places, axis=-1), np.float64(len(self._values)))
        return [tf.where(self._is_missing(value), np.float64("nan"), code)]

    def values(self, x: tf.Tensor) -> tf.Tensor:
        all_values = tf.constant([*self._values, self._never_seen.item()], self.dtype)
        nothing = tf.constant(b"" if self.dtype == tf.string else np.nan, self.dtype)
        code, missing = x[..., 0], tf.math.is_nan(x[..., 0])
        place = tf.cast(
            tf.clip_by_value(tf.where(missing, np.float64(0), code), 0, len(self._values)), tf.int32
        )
        return tf.where(missing, nothing, tf.gather(all_values, place))

    def _is_missing(self, value: tf.Tensor) -> tf.Tensor:
        if self.dtype != tf.string:
            return tf.math.is_nan(value)
        return tf.reduce_any(tf.equal(value[..., tf.newaxis], tf.constant(self._missing)), axis=-1)


class _Date:
    """A column of dates: what recurs in them, for the date itself is never seen again."""

    dtype = tf.float64

    def __init__(self, schema: ColumnSchema, profile: Profile, missing: tuple[str, ...]):
        self.schema = schema
        self.kinds = {" (weekday)": "category:7"} | ({" (hour)": "category:24"} if profile.hours else {})

    def features(self, value: tf.Tensor) -> list[tf.Tensor]:
        value = tf.where(tf.math.is_finite(value), value, np.float64("nan"))
        day = tf.floor(value / _DAY)
        weekday = tf.math.floormod(day + _THURSDAY, 7.0)
        hour = tf.floor((value - day * _DAY) / 3600.0)
        return [weekday, hour][: len(self.kinds)]

    def values(self, x: tf.Tensor) -> tf.Tensor:
        hour = x[..., 1] if len(self.kinds) > 1 else tf.zeros_like(x[..., 0])
        return (_MONDAY + tf.round(x[..., 0])) * _DAY + tf.round(hour) * 3600.0


_COLUMNS = {
    "real": _Number,
    "positive": _Positive,
    "count": _Count,
    "category": _Listed,
    "ordinal": _Listed,
    "date": _Date,
}
