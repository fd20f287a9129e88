"""From the columns of a table to the numbers that a model sees, as a Keras layer."""

from __future__ import annotations

import dataclasses
from typing import Any, Self, final

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.types import InputShape, Tensor, Tensors
from tfvae.data.tables.column_features import column_features
from tfvae.data.tables.profile import Profile, profiles
from tfvae.data.tables.raw_columns import RawTable, input_names
from tfvae.data.tables.rows import TableFile
from tfvae.data.tables.schema import TableSchema


@dataclasses.dataclass(frozen=True)
class Feature:
    """One element of x.

    Attributes:
        name: the column's name, and what is taken of it.
        column: the column's name.
        kind: kind of the element as `tfvae.zoo.hi_vae` takes it: real, count, category:K or ordinal:K.
    """

    name: str
    column: str
    kind: str


@final
@keras.saving.register_keras_serializable("tfvae")
class TableFeatures(keras.layers.Layer):
    """raw columns by name, each [B] -> x [B, features], float32 with NaN for missing values.

    real: (v - loc) / scale with the median and the interquartile range; positive: the same of log v; count: v
    unchanged; category and ordinal: the index among the values, and one more for a value never seen; date:
    weekday and, if the data have times of day, hour. Values that a kind cannot take were never seen either
    and get a score as well: a number that is not positive is replaced by a thousandth of the smallest one in
    training, a count that is negative or fractional by one far above the largest.

    Computed in float64, and rounded once at the end. Categories are compared with all values, without lookup
    tables, so that an exported graph needs no other file.

    Args:
        schema: the kinds of the columns, as `TableSchema.as_json` returns them.
        training: profiles of the modeled columns in training, as `Profile.as_json` returns them.
        name: name of the layer.

    Attributes:
        features: what each element of x is.
        specs: the raw columns by the names of their inputs: float64 numbers (dates as seconds since
            1970-01-01, NaN for missing), or texts (empty for missing).
        table: the schema.
        profiles: the profiles.

    Raises:
        InvalidInput: for an invalid schema.

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

    def __init__(self, schema: dict[str, Any], training: list[dict[str, Any]], name: str | None = None):
        super().__init__(name=name, dtype="float32", trainable=False, autocast=False)
        self.schema, self.training = schema, training
        self.table = TableSchema.from_json(schema)
        self.profiles = tuple(Profile(**entry) for entry in training)
        self._inputs = input_names(column.name for column in self.table.modeled)
        self._columns = column_features(self.table, self.profiles)
        self.features = tuple(
            Feature(column.name + addition, column.name, kind)
            for column in self._columns
            for addition, kind in column.kinds.items()
        )
        self.specs = {
            self._inputs[column.name]: tf.TensorSpec((None,), column.dtype) for column in self._columns
        }

    @classmethod
    def fit(cls, file: TableFile, schema: TableSchema, rows: np.ndarray | None = None) -> Self:
        """Return the layer with the profiles of a table's columns, from one pass in bounded memory.

        Args:
            file: the table.
            schema: the kinds of its columns.
            rows: increasing indices of the rows to use, such as those that are not held out; None means all.

        Raises:
            InvalidInput: for a column of the schema that is not in the table.
            UnreadableFile: for a damaged file.
        """
        return cls(schema.as_json(), [profile.as_json() for profile in profiles(file, schema, rows)])

    def raw_table(self) -> RawTable:
        """Return the reader of these raw columns from Arrow's batches."""
        return RawTable(self.table)

    def call(self, inputs: Tensors | Tensor) -> Tensor:
        """Return x [B, features] of raw columns by name; a single column may be given without its name."""
        parts = []
        for (name, spec), column in zip(self.specs.items(), self._columns, strict=True):
            value = inputs[name] if isinstance(inputs, dict) else inputs
            parts += column.features(tf.convert_to_tensor(value, spec.dtype))
        return tf.cast(tf.stack(parts, axis=-1), tf.float32)

    def inverse(self, outputs: Tensor) -> Tensors:
        """Return raw columns by name, each [B], whose features are x.

        Args:
            outputs: x [B, features].
        """
        x, first = tf.convert_to_tensor(outputs), 0
        raw = {}
        for name, column in zip(self.specs, self._columns, strict=True):
            width = len(column.kinds)
            raw[name] = column.values(tf.cast(x[..., first : first + width], tf.float64))
            first += width
        return raw

    def compute_output_shape(self, input_shape: Any) -> InputShape:
        """Return (None, features)."""
        return (None, len(self.features))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"schema": self.schema, "training": self.training, "name": self.name}
