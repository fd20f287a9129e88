"""Data sets of TensorFlow Datasets by name: from disk where they are prepared, else downloaded."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import logging
import operator
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.base import RawChunk, Source
from tfvae.data.sources.layout import LABEL_NAMES, Layout
from tfvae.data.sources.reading import as_numpy, counted, one_line

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_datasets

_PROBE_SECONDS = 3.0
_IMAGE_NAME = "image"


@dataclasses.dataclass(frozen=True)
class _Fields:
    """Which features are used: one array, or several numbers side by side; and which is the label."""

    columns: tuple[tuple[str, ...], ...]  # the way to each feature through nested dicts
    label: str | None


@final
class TfdsSplit(Source):
    """One split of a TFDS data set of images or numbers, read in the order of its files.

    `x` is the first of the supervised pair, or the feature `image`, or all numbers side by side in the order
    of their names; the label is the second of the pair, or `label`, where that is one number.

    A set prepared under TFDS_DATA_DIR (or TFDS's own default) needs no network. One that is not is downloaded
    and prepared when its rows or its shape are first asked for.

    Args:
        name: `NAME`, `NAME/SPLIT` or `NAME/CONFIG/SPLIT`, as TFDS writes them; the split defaults to `train`.

    Raises:
        InvalidInput: TFDS knows no such data set; the message offers similar names.
        UnreadableFile: at first use, if the set is neither prepared nor within reach.

    Example:
        >>> TfdsSplit("mnits")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tfvae.InvalidInput: source: expected the name of a TFDS data set (did you mean mnist...
    """

    def __init__(self, name: str):
        super().__init__(f"tfds:{name}")
        self._builder_name, self.split = _parsed(name)
        self._builder = _builder(self._builder_name)

    def _layout(self) -> Layout:
        with _quiet():
            if not self._builder.is_prepared():
                _prepare(self._builder, self.name)
        splits = self._builder.info.splits
        try:
            size = splits[self.split].num_examples
        except (KeyError, ValueError) as error:
            raise InvalidInput(
                "source", f"a split {', '.join(splits)} of {self._builder_name}", self.split
            ) from error
        self._fields = _fields(self._builder.info, self.name)
        x, label = self._first()
        return Layout(x.shape[1:], x.dtype, size, None if label is None else label.dtype)

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        _ = self.layout  # prepares the set
        batches = as_numpy(self._dataset(rows).prefetch(1))
        place = self._builder.data_dir
        yield from counted(map(self._joined, batches), place, self.name, rows=lambda pair: len(pair[0]))

    def _first(self) -> RawChunk:
        batches = as_numpy(self._dataset(1).take(1))
        first = next(counted(map(self._joined, batches), self._builder.data_dir, self.name), None)
        if first is None:
            raise UnreadableFile(self._builder.data_dir, "at least one row", f"split {self.split} holds none")
        return first

    def _dataset(self, rows: int) -> tf.data.Dataset:
        import tensorflow_datasets as tfds

        names = [
            *(way[0] for way in self._fields.columns),
            *([self._fields.label] if self._fields.label else []),
        ]
        # One file after the other: the order of rows is then the same in every pass and on every machine.
        order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        # Only what is used is decoded; texts and lists of any length beside it do no harm.
        decoders = tfds.decode.PartialDecoding(dict.fromkeys(names, True))
        dataset = self._builder.as_dataset(
            split=self.split, shuffle_files=False, read_config=order, decoders=decoders
        )
        # Not as_dataset(batch_size=), which fills pictures of different sizes up with black.
        return dataset.batch(rows)

    def _joined(self, batch: dict[str, np.ndarray]) -> RawChunk:
        label = None if self._fields.label is None else batch[self._fields.label]
        columns = [functools.reduce(operator.getitem, way, batch) for way in self._fields.columns]
        if len(columns) == 1:
            return columns[0], label
        columns = [column.reshape(len(column), -1).astype(np.float32) for column in columns]
        return np.concatenate(columns, axis=1), label


def _parsed(name: str) -> tuple[str, str]:
    """Split `NAME[:VERSION][/CONFIG][/SPLIT]` into what TFDS calls a builder's name, and the split."""
    parts = name.split("/")
    if len(parts) == 1:
        return name, "train"
    if len(parts) == 2 and parts[1].split(":")[0] in _configs(parts[0]):
        return name, "train"
    return "/".join(parts[:-1]), parts[-1]


def _configs(name: str) -> set[str]:
    import tensorflow_datasets as tfds

    try:
        return set(tfds.builder_cls(name.split(":")[0]).builder_configs)
    except (tfds.core.DatasetNotFoundError, ValueError):
        return set()  # prepared files without code, or nothing at all: the builder will tell


def _builder(name: str) -> tensorflow_datasets.core.DatasetBuilder:
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    try:
        with _quiet():
            # TFDS itself reads the variable only once, when it is imported.
            return tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.DatasetNotFoundError as error:
        similar = difflib.get_close_matches(name.split("/")[0], known, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(similar)}?" if similar else "see tensorflow_datasets.list_builders()"
        raise InvalidInput("source", f"the name of a TFDS data set ({hint})", f"tfds:{name}") from error
    except (ValueError, RuntimeError, OSError) as error:
        raise InvalidInput(
            "source", "a data set that TFDS can open", f"tfds:{name} ({one_line(error)})"
        ) from error


def _prepare(builder: tensorflow_datasets.core.DatasetBuilder, name: str) -> None:
    """Download and prepare, after a quick look whether that can work at all."""
    # Offline, TFDS tries each file ten times and waits 204 s in all. So ask first, once, for the head of the
    # first file that this very set has to download: any answer will do. Requests takes proxies and their
    # exceptions from the environment as TFDS does, so what it reaches TFDS reaches. Sets that TFDS makes by
    # computation have no such file, and none of this is asked.
    url = next((url for url in (builder.url_infos or {}) if url.startswith("http")), None)
    refusal = None if url is None else _refusal(url)
    reason = refusal and f"its download cannot be reached ({refusal})"
    if reason is None:
        try:
            builder.download_and_prepare()
            return
        except Exception as error:  # a builder is anyone's code, and may fail in any way
            reason = f"preparing it failed ({type(error).__name__}: {one_line(error)})"
    advice = (
        "run `tfds build` on a connected machine, copy the folder and set TFDS_DATA_DIR, or use idx:FOLDER"
    )
    raise UnreadableFile(name, f"a data set prepared in {builder.data_dir}", f"{reason}; {advice}")


def _refusal(url: str) -> str | None:
    """Why a server cannot be reached within seconds; None if it answers, whatever it answers."""
    import requests

    outcome = [f"no answer in {_PROBE_SECONDS:g} s"]

    def ask() -> None:
        try:
            requests.head(url, timeout=_PROBE_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            outcome[0] = type(error).__name__
        else:
            outcome[0] = ""

    # A thread, because the time limit of requests does not cover the look-up of the server's name.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(2 * _PROBE_SECONDS)
    return f"{outcome[0]} from {url.split('/')[2]}" if outcome[0] else None


def _fields(info: tensorflow_datasets.core.DatasetInfo, name: str) -> _Fields:
    """Choose x and the label among the features."""
    features = info.features
    pair = info.supervised_keys or (None, None)
    label = next((key for key in (pair[1], *LABEL_NAMES) if _is_number(features, key)), None)
    if isinstance(pair[0], str) and pair[0] in features and pair[0] != label:
        chosen = [pair[0]]
    elif _IMAGE_NAME in features:
        chosen = [_IMAGE_NAME]
    else:
        chosen = [key for key in features if key != label]
    columns = [way for key in sorted(chosen) for way in _ways(features[key], (key,), name)]
    if not columns:
        raise InvalidInput(name, "a feature besides the label", "none")
    return _Fields(tuple(columns), label)


def _ways(
    feature: tensorflow_datasets.features.FeatureConnector, way: tuple[str, ...], name: str
) -> list[tuple[str, ...]]:
    """The ways to all arrays of numbers in a feature."""
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.FeaturesDict):
        return [found for key in sorted(feature) for found in _ways(feature[key], (*way, key), name)]
    if not _is_numeric(feature):
        raise InvalidInput(name, "images, or features of numbers", f"feature {'/'.join(way)!r}: {feature}")
    return [way]


def _is_number(features: tensorflow_datasets.features.FeaturesDict, key: object) -> bool:
    return (
        isinstance(key, str) and key in features and _is_numeric(features[key]) and features[key].shape == ()
    )


def _is_numeric(feature: tensorflow_datasets.features.FeatureConnector) -> bool:
    import tensorflow_datasets as tfds

    arrays = (tfds.features.Tensor, tfds.features.Image)
    return isinstance(feature, arrays) and np.dtype(feature.np_dtype).kind in "buif"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """TFDS reports a set that is not prepared as a warning; here that is an answer, not a surprise."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
