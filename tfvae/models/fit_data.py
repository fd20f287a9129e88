"""What `fit` finds out about its data: batches, rows, and columns of a raw scale."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support

STREAMS = (tf.data.Dataset, tf.distribute.DistributedDataset, keras.utils.PyDataset, Iterator)
_RAW_SCALE = 100.0  # root mean square of a column above which standardizing it was forgotten


def known_batches(data: Any, batch_size: int) -> int | None:
    """Return the number of batches of an epoch, None if it is not known.

    Args:
        data: an array, a dict of arrays, or a source of batches.
        batch_size: examples of a batch of arrays.
    """
    if isinstance(data, tf.data.Dataset):
        count = int(data.cardinality())
        return count if count >= 0 else None
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches
    if isinstance(data, STREAMS):
        return None
    first = next(iter(data.values())) if isinstance(data, Mapping) else data
    return math.ceil(len(first) / batch_size)


def count_examples(data: Any) -> int:
    """Return the number of examples of a finite source of batches, which is read once.

    Raises:
        InvalidInput: for a source that cannot be read twice, or has no end.
    """
    endless = isinstance(data, tf.data.Dataset) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY
    if endless or not isinstance(data, tf.data.Dataset | keras.utils.PyDataset):
        expected = "the number of training examples, which this source of batches does not tell"
        raise InvalidInput("dataset_size", expected, None)
    if isinstance(data, keras.utils.PyDataset):
        batches = (data[index] for index in range(data.num_batches))
    else:
        batches = iter(data)
    return sum(int(np.shape(keras.tree.flatten(batch)[0])[0]) for batch in batches)


def columns_of(x: Any, y: Any, sample_weight: Any) -> Any:
    """Pack arrays as Keras does; without a y it drops the weights, so one of zeros stands in for it."""
    if sample_weight is not None and y is None:
        y = np.zeros(len(sample_weight), "float32")
    x = {name: np.asarray(array) for name, array in x.items()} if isinstance(x, Mapping) else np.asarray(x)
    return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)


def warn_of_scale(data: Any, likelihood: Any) -> None:
    """Warn of a table's columns that are far from the scale of 1 that networks and likelihoods expect."""
    x = data.get("x") if isinstance(data, Mapping) else data
    shape, support = getattr(likelihood, "event_shape", ()), likelihood.support
    if x is None or len(shape) != 1 or not isinstance(support, Support) or support.bounded:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns without values
        size = np.sqrt(np.nanmean(np.square(np.asarray(x[:10_000], "float64")), axis=0))
    large = np.flatnonzero(size > _RAW_SCALE)
    if len(large):
        columns = ", ".join(map(str, large[:5])) + (", ..." if len(large) > 5 else "")
        warnings.warn(
            f"x: columns {columns} have values around {size[large[0]]:.3g}, far from the model's scale "
            "of 1; standardize them, as tfvae.data.Standardize does",
            stacklevel=4,
        )
