"""Data sets of TensorFlow Datasets (TFDS)."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources import tfds_builder
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.read_errors import numpy_iterator, reading_chunks
from tfvae.data.sources.row_layout import LABEL_NAMES, RowLayout

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets

_IMAGE_NAME = "image"

Path = tuple[str, ...]  # the keys that lead to a feature through nested dicts


@dataclasses.dataclass(frozen=True)
class _Fields:
    """Which features are used: one array, or several numbers side by side; and which is the label."""

    columns: tuple[Path, ...]
    label: str | None


@final
class TfdsSplit(Source):
    """One split of a TFDS data set of images or numbers, read in the order of its files.

    `x` is the first of the supervised pair, otherwise the feature `image`, otherwise all numbers side by side
    in the order of their names. The label is the second of the pair, otherwise `label`, if that is a number.

    A data set prepared under TFDS_DATA_DIR (or TFDS's own default) needs no network. Any other is downloaded
    and prepared when its rows or its shape are first needed.

    Args:
        name: `NAME`, `NAME/SPLIT` or `NAME/CONFIG/SPLIT` as in TFDS; the default split is `train`.

    Raises:
        InvalidInput: for a name that TFDS does not know; the message offers similar names.
        UnreadableFile: at first use, if the data set is neither prepared nor can be downloaded.

    Example:
        >>> TfdsSplit("mnits")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tfvae.InvalidInput: source: expected the name of a TFDS data set (did you mean mnist...
    """

    def __init__(self, name: str):
        super().__init__(f"tfds:{name}")
        self._builder_name, self.split = tfds_builder.split_name(name)
        self._builder = tfds_builder.find_builder(self._builder_name)

    def _read_layout(self) -> RowLayout:
        tfds_builder.prepare(self._builder, self.name)
        splits = self._builder.info.splits
        try:
            size = splits[self.split].num_examples
        except (KeyError, ValueError) as error:
            raise InvalidInput(
                "source", f"a split {', '.join(splits)} of {self._builder_name}", self.split
            ) from error
        self._fields = _fields(self._builder.info, self.name)
        x, label = self._first()
        return RowLayout(x.shape[1:], x.dtype, size, None if label is None else label.dtype)

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        _ = self.layout  # prepares the data set
        return self._joined_batches(self._dataset(rows).prefetch(1))

    def _first(self) -> StoredChunk:
        first = next(self._joined_batches(self._dataset(1).take(1)), None)
        if first is None:
            raise UnreadableFile(self._builder.data_dir, "at least one row", f"split {self.split} holds none")
        return first

    def _dataset(self, rows: int) -> tf.data.Dataset:
        import tensorflow_datasets as tfds

        names = [
            *(path[0] for path in self._fields.columns),
            *([self._fields.label] if self._fields.label else []),
        ]
        # One file after the other: then the order of rows is the same in each pass and on each machine.
        order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        # Only what is used is decoded; texts and lists of any length beside it do no harm.
        decoders = tfds.decode.PartialDecoding(dict.fromkeys(names, True))
        dataset = self._builder.as_dataset(
            split=self.split, shuffle_files=False, read_config=order, decoders=decoders
        )
        # Not as_dataset(batch_size=), which pads images of different sizes with black.
        return dataset.batch(rows)

    def _joined_batches(self, dataset: tf.data.Dataset) -> Iterator[StoredChunk]:
        batches = map(self._joined, numpy_iterator(dataset))
        return reading_chunks(batches, self._builder.data_dir, self.name, rows=lambda pair: len(pair[0]))

    def _joined(self, batch: dict[str, Any]) -> StoredChunk:
        label = None if self._fields.label is None else batch[self._fields.label]
        columns: list[Any] = [
            functools.reduce(operator.getitem, path, batch) for path in self._fields.columns
        ]
        if len(columns) == 1:
            return columns[0], label
        columns = [column.reshape(len(column), -1).astype(np.float32) for column in columns]
        return np.concatenate(columns, axis=1), label


def _fields(info: tensorflow_datasets.core.DatasetInfo, name: str) -> _Fields:
    """Choose x and the label among the features."""
    features: Any = info.features
    first, second = info.supervised_keys or (None, None)
    label = next((key for key in (second, *LABEL_NAMES) if _is_number(features, key)), None)
    names: list[str] = list(features)
    if isinstance(first, str) and first in names and first != label:
        chosen = [first]
    elif _IMAGE_NAME in names:
        chosen = [_IMAGE_NAME]
    else:
        chosen = [key for key in names if key != label]
    columns = [path for key in sorted(chosen) for path in _paths(features[key], (key,), name)]
    if not columns:
        raise InvalidInput(name, "a feature besides the label", "none")
    return _Fields(tuple(columns), label)


def _paths(feature: tensorflow_datasets.features.FeatureConnector, path: Path, name: str) -> list[Path]:
    """Return the paths to all arrays of numbers in a feature."""
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.FeaturesDict):
        return [found for key in sorted(feature) for found in _paths(feature[key], (*path, key), name)]
    if not _is_numeric(feature):
        raise InvalidInput(name, "images, or features of numbers", f"feature {'/'.join(path)!r}: {feature}")
    return [path]


def _is_number(features: tensorflow_datasets.features.FeaturesDict, key: object) -> bool:
    return (
        isinstance(key, str) and key in features and _is_numeric(features[key]) and features[key].shape == ()
    )


def _is_numeric(feature: tensorflow_datasets.features.FeatureConnector) -> bool:
    import tensorflow_datasets as tfds

    arrays = (tfds.features.Tensor, tfds.features.Image)
    return isinstance(feature, arrays) and np.dtype(feature.np_dtype).kind in "buif"
