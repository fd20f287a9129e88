"""TFRecord files of tf.train.Example, parsed in batches."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.read_errors import numpy_iterator, one_line, reading, reading_chunks
from tfvae.data.sources.row_layout import LABEL_NAMES, RowLayout

if TYPE_CHECKING:
    import tensorflow as tf

    from tfvae.core.types import Shape

_RECORDS = "TFRecords of tf.train.Example"
_VECTOR_NAME, _IMAGE_NAME = "x", "image"


class _NumberList(NamedTuple):
    """A feature that is a list of numbers."""

    name: str
    dtype: str  # "float32" or "int64"
    length: int


@dataclasses.dataclass(frozen=True)
class _Fields:
    """Which features of an example are used, as in the first record."""

    columns: tuple[_NumberList, ...]
    image_shape: Shape | None
    label: _NumberList | None


@final
class TfRecordFile(Source):
    """A `.tfrecord` or `.tfrecord.gz` file; the features are those of its first record.

    Examples are the PNG or JPEG in `image`; otherwise the list `x`; otherwise all lists of numbers
    concatenated in the order of their names. `label`, `labels`, `y` or `class` is the label. Every list must
    be in every record, with the same length.

    Args:
        path: the file.

    Example:
        >>> import tempfile, pathlib, tensorflow as tf
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.tfrecord")
        >>> value = tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0]))
        >>> example = tf.train.Example(features=tf.train.Features(feature={"x": value}))
        >>> with tf.io.TFRecordWriter(str(path)) as file:
        ...     file.write(example.SerializeToString())
        >>> next(TfRecordFile(path).chunks())
        {'x': array([[1., 2.]], dtype=float32)}
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(str(path))
        self.path = path

    def _read_layout(self) -> RowLayout:
        import tensorflow as tf

        first = next(reading_chunks(numpy_iterator(self._records().take(1)), self.path, _RECORDS), None)
        if first is None:
            raise UnreadableFile(self.path, "at least one row", "it holds none")
        try:
            example = tf.train.Example.FromString(first)
        except Exception as error:  # protobuf's DecodeError lives in a module that changes with its version
            raise UnreadableFile(
                self.path, _RECORDS, f"its first record is not one: {one_line(error)}"
            ) from error
        self._fields = _fields(example, self.path)
        label = np.dtype(self._fields.label.dtype) if self._fields.label else None
        if self._fields.image_shape:
            return RowLayout(self._fields.image_shape, np.dtype(np.uint8), None, label)
        width = sum(column.length for column in self._fields.columns)
        return RowLayout((width,), np.dtype(np.float32), None, label)

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        import tensorflow as tf

        _ = self.layout  # sets the features
        # Records are parsed in batches: one by one costs twenty times as much.
        batches = (
            self._records().batch(rows).map(self._parsed, tf.data.AUTOTUNE, deterministic=True).prefetch(1)
        )
        for batch in reading_chunks(
            numpy_iterator(batches), self.path, _RECORDS, rows=lambda batch: len(batch["x"])
        ):
            yield batch["x"], batch.get("label")

    def _records(self) -> tf.data.Dataset:
        import tensorflow as tf

        return tf.data.TFRecordDataset(str(self.path), "GZIP" if self.path.suffix == ".gz" else "")

    def _parsed(self, serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the features of a batch of serialized examples."""
        import tensorflow as tf

        fields = self._fields
        numbers = [*fields.columns, *([fields.label] if fields.label else [])]
        wanted = {
            column.name: tf.io.FixedLenFeature([column.length], tf.dtypes.as_dtype(column.dtype))
            for column in numbers
        }
        if fields.image_shape:
            wanted[_IMAGE_NAME] = tf.io.FixedLenFeature([], tf.string)
        found = tf.io.parse_example(serialized, wanted)
        if fields.image_shape:
            pixels = tf.TensorSpec(fields.image_shape, tf.uint8)
            batch = {"x": tf.map_fn(self._decoded, found[_IMAGE_NAME], fn_output_signature=pixels)}
        else:
            batch = {
                "x": tf.concat([tf.cast(found[column.name], tf.float32) for column in fields.columns], axis=1)
            }
        if fields.label:
            batch["label"] = found[fields.label.name][:, 0]
        return batch

    def _decoded(self, encoded: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        image = tf.io.decode_image(encoded, expand_animations=False)
        return tf.ensure_shape(image, self._fields.image_shape)


def _fields(example: tf.train.Example, path: pathlib.Path) -> _Fields:
    features = dict(sorted(example.features.feature.items()))
    label = next((name for name in LABEL_NAMES if name in features), None)
    others = {name: feature for name, feature in features.items() if name != label}
    label_field = None if label is None else _numbers(label, features[label], path)
    if label_field and label_field.length != 1:
        raise UnreadableFile(path, "one number as label", f"feature {label!r} has {label_field.length}")
    if _IMAGE_NAME in others:
        return _Fields((), _image_shape(others[_IMAGE_NAME], path), label_field)
    if _VECTOR_NAME in others:
        others = {_VECTOR_NAME: others[_VECTOR_NAME]}
    if not others:
        raise UnreadableFile(
            path, f"a feature {_IMAGE_NAME}, {_VECTOR_NAME} or lists of numbers", "there is none"
        )
    return _Fields(
        tuple(_numbers(name, feature, path) for name, feature in others.items()), None, label_field
    )


def _numbers(name: str, feature: tf.train.Feature, path: pathlib.Path) -> _NumberList:
    kinds = {"float_list": "float32", "int64_list": "int64"}
    kind = feature.WhichOneof("kind")
    if kind not in kinds or not getattr(feature, kind).value:
        found = "bytes" if kind == "bytes_list" else "nothing"
        raise UnreadableFile(path, "lists of numbers", f"feature {name!r} of the first record holds {found}")
    return _NumberList(name, kinds[kind], len(getattr(feature, kind).value))


def _image_shape(feature: tf.train.Feature, path: pathlib.Path) -> Shape:
    import tensorflow as tf

    if len(feature.bytes_list.value) != 1:
        raise UnreadableFile(path, f"one PNG or JPEG in feature {_IMAGE_NAME!r}", "its first record has none")
    with reading(path, f"a PNG or JPEG in feature {_IMAGE_NAME!r}", (tf.errors.OpError,)):
        return tuple(tf.io.decode_image(feature.bytes_list.value[0], expand_animations=False).shape)
