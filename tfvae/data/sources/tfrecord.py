"""TFRecord files of tf.train.Example, parsed a batch at a time."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.base import RawChunk, Source
from tfvae.data.sources.layout import LABEL_NAMES, Layout
from tfvae.data.sources.reading import as_numpy, counted, one_line, reading

if TYPE_CHECKING:
    import tensorflow as tf

_RECORDS = "TFRecords of tf.train.Example"
_VECTOR_NAME, _IMAGE_NAME = "x", "image"


@dataclasses.dataclass(frozen=True)
class _Fields:
    """Which features of an example are used, as the first record has them."""

    columns: tuple[tuple[str, str, int], ...]  # name, "float32" or "int64", length
    image_shape: tuple[int, ...] | None
    label: tuple[str, str, int] | None


@final
class TfRecordFile(Source):
    """A `.tfrecord` or `.tfrecord.gz` file; the first record says which features there are.

    Examples are the PNG or JPEG in `image`; or else the list `x`; or else all the lists of numbers one
    after the other, in the order of their names. `label`, `labels`, `y` or `class` is the label. Every list
    must be in every record, with the same length.

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

    def _layout(self) -> Layout:
        import tensorflow as tf

        first = next(counted(as_numpy(self._records().take(1)), self.path, _RECORDS), None)
        if first is None:
            raise UnreadableFile(self.path, "at least one row", "it holds none")
        try:
            example = tf.train.Example.FromString(first)
        except Exception as error:  # protobuf's DecodeError lives in a module that changes with its version
            raise UnreadableFile(
                self.path, _RECORDS, f"its first record is none: {one_line(error)}"
            ) from error
        self._fields = _fields(example, self.path)
        label = np.dtype(self._fields.label[1]) if self._fields.label else None
        if self._fields.image_shape:
            return Layout(self._fields.image_shape, np.dtype(np.uint8), None, label)
        return Layout(
            (sum(length for _, _, length in self._fields.columns),), np.dtype(np.float32), None, label
        )

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        import tensorflow as tf

        _ = self.layout  # which features
        # Records are parsed a batch at a time: one by one costs twenty times as much.
        batches = (
            self._records().batch(rows).map(self._parsed, tf.data.AUTOTUNE, deterministic=True).prefetch(1)
        )
        for batch in counted(as_numpy(batches), self.path, _RECORDS, rows=lambda batch: len(batch["x"])):
            yield batch["x"], batch.get("label")

    def _records(self) -> tf.data.Dataset:
        import tensorflow as tf

        return tf.data.TFRecordDataset(str(self.path), "GZIP" if self.path.suffix == ".gz" else "")

    def _parsed(self, serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Features of a batch of serialized examples."""
        import tensorflow as tf

        fields = self._fields
        numbers = [*fields.columns, *([fields.label] if fields.label else [])]
        wanted = {
            name: tf.io.FixedLenFeature([length], tf.dtypes.as_dtype(kind)) for name, kind, length in numbers
        }
        if fields.image_shape:
            wanted[_IMAGE_NAME] = tf.io.FixedLenFeature([], tf.string)
        found = tf.io.parse_example(serialized, wanted)
        if fields.image_shape:
            pixels = tf.TensorSpec(fields.image_shape, tf.uint8)
            batch = {"x": tf.map_fn(self._decoded, found[_IMAGE_NAME], fn_output_signature=pixels)}
        else:
            batch = {
                "x": tf.concat([tf.cast(found[name], tf.float32) for name, _, _ in fields.columns], axis=1)
            }
        if fields.label:
            batch["label"] = found[fields.label[0]][:, 0]
        return batch

    def _decoded(self, encoded: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        picture = tf.io.decode_image(encoded, expand_animations=False)
        return tf.ensure_shape(picture, self._fields.image_shape)


def _fields(example: tf.train.Example, path: pathlib.Path) -> _Fields:
    features = dict(sorted(example.features.feature.items()))
    label = next((name for name in LABEL_NAMES if name in features), None)
    others = {name: feature for name, feature in features.items() if name != label}
    label_field = None if label is None else _numbers(label, features[label], path)
    if label_field and label_field[2] != 1:
        raise UnreadableFile(path, "one number as label", f"feature {label!r} has {label_field[2]}")
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


def _numbers(name: str, feature: tf.train.Feature, path: pathlib.Path) -> tuple[str, str, int]:
    kinds = {"float_list": "float32", "int64_list": "int64"}
    kind = feature.WhichOneof("kind")
    if kind not in kinds or not getattr(feature, kind).value:
        found = "bytes" if kind == "bytes_list" else "nothing"
        raise UnreadableFile(path, "lists of numbers", f"feature {name!r} of the first record holds {found}")
    return name, kinds[kind], len(getattr(feature, kind).value)


def _image_shape(feature: tf.train.Feature, path: pathlib.Path) -> tuple[int, ...]:
    import tensorflow as tf

    if len(feature.bytes_list.value) != 1:
        raise UnreadableFile(path, f"one PNG or JPEG in feature {_IMAGE_NAME!r}", "its first record has none")
    with reading(path, f"a PNG or JPEG in feature {_IMAGE_NAME!r}", (tf.errors.OpError,)):
        return tuple(tf.io.decode_image(feature.bytes_list.value[0], expand_animations=False).shape)
