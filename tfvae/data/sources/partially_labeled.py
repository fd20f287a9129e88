"""A source with the labels of only some rows, for semi-supervised training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy
from tfvae.data.labels import UNKNOWN, check_labels, hide_labels
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import Source, StoredChunk
from tfvae.data.sources.row_layout import RowLayout
from tfvae.data.split import Keep, everything

if TYPE_CHECKING:
    from tfvae.core.types import ArrayLike


@final
class PartiallyLabeled(Source):
    """Another source of which only some rows keep their label; the labels of all others are -1, unknown.

    Args:
        source: a source with labels.
        rows: indices of the rows that keep their label.

    Raises:
        InvalidInput: for a source without labels, and indices that are not integers.

    Example:
        >>> import tfvae
        >>> source = tfvae.data.Arrays(np.zeros((4, 2)), label=[5, 6, 7, 8])
        >>> next(PartiallyLabeled(source, [0, 2]).chunks())["label"].tolist()
        [5, -1, 7, -1]
    """

    def __init__(self, source: Source, rows: ArrayLike):
        super().__init__(source.name)
        check_has_labels(source)
        indices = as_numpy("rows", rows)
        if indices.size and indices.dtype.kind not in "iu":
            raise InvalidInput("rows", "indices of rows, integers", f"{indices.dtype}")
        self.source, self.rows = source, np.unique(indices.astype(np.int64))

    def _read_layout(self) -> RowLayout:
        return self.source.layout

    def _stored_chunks(self, rows: int) -> Iterator[StoredChunk]:
        first = 0
        for x, label in self.source.stored_chunks(rows):
            yield x, None if label is None else self._hide(first, label)
            first += len(x)

    def shuffled_chunks(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read all rows once, in an order as random as the other source allows."""
        for first, chunk in self.source.shuffled_chunks(capacity, generator):
            yield first, {**chunk, "label": self._hide(first, chunk["label"])}

    def _hide(self, first: int, label: np.ndarray) -> np.ndarray:
        start, stop = np.searchsorted(self.rows, (first, first + len(label)))
        shown = self.rows[start:stop] - first
        hidden = np.full(len(label), UNKNOWN, label.dtype if label.dtype.kind in "if" else np.int64)
        hidden[shown] = label[shown]
        return hidden


def rows_to_label(
    source: Source, labels: int | None = None, keep: Keep = everything, seed: int = 0
) -> list[int]:
    """Return the indices of rows that keep their label, as many of each class; reads all labels once.

    Args:
        source: a source with labels.
        labels: number of labels in all, a multiple of the number of classes; None means all known labels.
        keep: `keep(first_row, count)` returns the bool mask of the rows to choose from, such as
            `Split(0.1).train`.
        seed: seed of the choice.

    Raises:
        InvalidInput: if no label is known, or not as many of each class.

    Source: Kingma et al. 2014, section 4.1, which keeps as many of each class.

    Example:
        >>> import tfvae
        >>> source = tfvae.data.Arrays(np.zeros((6, 2)), label=[0, 1, 1, 0, 1, 0])
        >>> rows_to_label(source, 2)
        [2, 5]
    """
    check_has_labels(source)
    label = np.concatenate([chunk["label"] for chunk in source.chunks(source.chunk_rows())])
    label = np.where(keep(0, len(label)), check_labels(label), UNKNOWN)
    classes, counts = np.unique(label[label != UNKNOWN], return_counts=True)
    if not len(classes):
        raise InvalidInput("label", f"at least one class that is known in {source.name}", "-1 everywhere")
    if labels is not None:
        each, rest = divmod(labels, len(classes))
        if rest or not 1 <= each <= counts.min():
            expected = f"a multiple of {len(classes)}, the classes of {source.name}, up to "
            raise InvalidInput("labels", f"{expected}{len(classes) * counts.min()}", labels)
        label = hide_labels(label, each, seed)
    return np.flatnonzero(label != UNKNOWN).tolist()


def check_has_labels(source: Source) -> None:
    """Raise for a source without labels.

    Args:
        source: the source.

    Raises:
        InvalidInput: if it has none.

    Example:
        >>> import tfvae
        >>> check_has_labels(tfvae.data.Arrays(np.zeros((4, 2))))
        Traceback (most recent call last):
        tfvae.InvalidInput: label: expected a source with labels, received array, which has none
    """
    if source.label_dtype is None:
        raise InvalidInput("label", "a source with labels", f"{source.name}, which has none")
