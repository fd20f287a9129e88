"""Labels for semi-supervised training: hiding them, one-hot codes, batches with a fixed number of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy

if TYPE_CHECKING:
    import tensorflow as tf

    from tfvae.core.types import ArrayLike

UNKNOWN = -1


def hide_labels(label: ArrayLike, keep: int, seed: int = 0) -> np.ndarray:
    """Return the labels with all but `keep` of each class, chosen at random, set to -1, unknown.

    Args:
        label: class of each example, [N], -1 if it is unknown already.
        keep: number of labels of each class that stay.
        seed: seed of the choice.

    Raises:
        InvalidInput: for labels that are not integers, and a class with fewer than `keep`.

    Source: Kingma et al. 2014, section 4.1, which keeps as many of each class.

    Example:
        >>> hide_labels(np.array([0, 1, 1, 0, 1, 0]), keep=1).tolist()
        [-1, -1, 1, -1, -1, 0]
    """
    label = check_labels(label)
    kept = np.full_like(label, UNKNOWN)
    rng = np.random.default_rng(seed)
    for known_class in np.unique(label[label != UNKNOWN]):
        rows = np.flatnonzero(label == known_class)
        if not 1 <= keep <= len(rows):
            raise InvalidInput("keep", f"from 1 to {len(rows)}, the examples of class {known_class:g}", keep)
        kept[rng.choice(rows, keep, replace=False)] = known_class
    return kept


def one_hot(label: np.ndarray, num_classes: int, name: str = "label") -> np.ndarray:
    """Return labels as one-hot codes, float32 [N, num_classes].

    Args:
        label: class of each example, [N].
        num_classes: number of classes.
        name: of the labels' source, for the message.

    Raises:
        InvalidInput: for an unknown label, and one that is not a class.

    Example:
        >>> one_hot(np.array([1, 0]), 3).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    label = as_numpy("label", label)
    wrong = ~((label >= 0) & (label < num_classes) & (np.floor(label) == label))
    if wrong.any():
        found = f"{label[wrong][0]:g} in {name}" + ", an unknown class" * bool(label[wrong][0] == UNKNOWN)
        raise InvalidInput("label", f"a class, an integer from 0 to {num_classes - 1}, in each row", found)
    return np.eye(num_classes, dtype=np.float32)[label.astype(np.int64)]


def mixed_batches(
    x: ArrayLike, label: ArrayLike, batch_size: int, labeled: int, seed: int = 0
) -> tf.data.Dataset:
    """Return mini-batches with `labeled` labeled examples each, weighted so that every example counts once.

    w = (share of the examples of its kind among all) / (share of its kind in a mini-batch)

    If few labels are known, most mini-batches of a plain shuffle have none, and the gradient of the labeled
    loss has few, large steps. These have the same expectation. A pass goes once over the unlabeled examples,
    without a last mini-batch that is not full; the labeled ones are repeated, each time in a new order.

    Args:
        x: data [N, *event], NaN, masked or NA where missing.
        label: class of each example, [N], -1 if it is unknown; there must be examples of both kinds.
        batch_size: examples of a mini-batch.
        labeled: number of labeled examples among them.
        seed: seed of the order.

    Returns:
        A data set of ({"x", "label"}, y, weight) for `fit`; y is not used.

    Raises:
        InvalidInput: for labels that are not integers or not one for each example, for no labeled or no
            unlabeled examples, and for numbers that do not fit them.

    Example:
        >>> x, label = np.zeros((6, 2)), np.array([0, -1, -1, -1, 1, -1])
        >>> (inputs, _, weight), *_ = mixed_batches(x, label, batch_size=4, labeled=2)
        >>> sorted(inputs["label"].numpy().tolist()), [round(float(w), 3) for w in weight]
        ([-1.0, -1.0, 0.0, 1.0], [0.667, 0.667, 1.333, 1.333])
    """
    import tensorflow as tf

    x, label = as_numpy("x", x), check_labels(label)
    if len(x) != len(label):
        raise InvalidInput("label", f"one for each of {len(x)} examples", len(label))
    known, unknown = np.flatnonzero(label != UNKNOWN), np.flatnonzero(label == UNKNOWN)
    if not len(known) or not len(unknown):
        raise InvalidInput("label", "known classes and unknown ones", f"{len(known)} and {len(unknown)}")
    if not 1 <= labeled < batch_size:
        raise InvalidInput("labeled", "at least 1, and fewer than batch_size", labeled)
    if batch_size - labeled > len(unknown):
        raise InvalidInput("batch_size", f"at most {len(unknown) + labeled}", batch_size)
    data = {"x": tf.constant(x, tf.float32), "label": tf.constant(label, tf.float32)}
    counts = (labeled, batch_size - labeled)
    weight = tf.concat(
        [
            tf.fill([count], np.float32(len(rows) / len(x) * batch_size / count))
            for rows, count in zip((known, unknown), counts, strict=True)
        ],
        axis=0,
    )
    indices = [
        tf.data.Dataset.from_tensor_slices(rows).shuffle(len(rows), seed=seed).repeat().batch(count)
        for rows, count in zip((known, unknown), counts, strict=True)
    ]

    def batch(*rows: tf.Tensor) -> tuple:
        rows = tf.ensure_shape(tf.concat(rows, axis=0), (batch_size,))
        return {name: tf.gather(column, rows) for name, column in data.items()}, tf.zeros(batch_size), weight

    steps = len(unknown) // counts[1]
    return tf.data.Dataset.zip(tuple(indices)).map(batch).take(steps).prefetch(4)


def check_labels(label: ArrayLike) -> np.ndarray:
    """Return labels as an array [N].

    Args:
        label: integers, in any type of number, [N].

    Raises:
        InvalidInput: for another shape or type, for fractions, and for values that are masked or NA.

    Example:
        >>> check_labels([0, 2, -1])
        array([ 0,  2, -1])
    """
    label = as_numpy("label", label)
    if label.ndim != 1 or label.dtype.kind not in "iuf" or not np.all(np.floor(label) == label):
        found = f"{label.dtype} of shape {label.shape}"
        if label.ndim == 1 and label.size and label.dtype.kind in "iuf":
            found += f", such as {label[np.floor(label) != label][0]:g}"
        raise InvalidInput("label", "integers [N]", found)
    return label
