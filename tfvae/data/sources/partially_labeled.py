"""A source of which some rows show their label and the others hide it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.data.labels import UNKNOWN, hide_labels, whole_labels
from tfvae.data.sources.base import Chunk, RawChunk, Source
from tfvae.data.sources.layout import Layout
from tfvae.data.split import Keep, everything


@final
class PartiallyLabeled(Source):
    """Another source with the labels of some rows; those of all other rows are -1, unknown.

    Args:
        source: a source with labels.
        rows: numbers of the rows whose label is shown.

    Example:
        >>> import tfvae
        >>> source = tfvae.data.Arrays(np.zeros((4, 2)), label=[5, 6, 7, 8])
        >>> next(PartiallyLabeled(source, [0, 2]).chunks())["label"].tolist()
        [5, -1, 7, -1]
    """

    def __init__(self, source: Source, rows: np.ndarray):
        super().__init__(source.name)
        self.source, self.rows = with_labels(source), np.unique(np.asarray(rows, np.int64))

    def _layout(self) -> Layout:
        return self.source.layout

    def _raw_chunks(self, rows: int) -> Iterator[RawChunk]:
        first = 0
        for x, label in self.source.stored(rows):
            yield x, self._hidden(first, label)
            first += len(x)

    def mixed(self, capacity: int, generator: np.random.Generator) -> Iterator[tuple[int, Chunk]]:
        """Read everything once, in as random an order as the other source can."""
        for first, chunk in self.source.mixed(capacity, generator):
            yield first, {**chunk, "label": self._hidden(first, chunk["label"])}

    def _hidden(self, first: int, label: np.ndarray) -> np.ndarray:
        start, stop = np.searchsorted(self.rows, (first, first + len(label)))
        shown = self.rows[start:stop] - first
        hidden = np.full(len(label), UNKNOWN, label.dtype if label.dtype.kind in "if" else np.int64)
        hidden[shown] = label[shown]
        return hidden


def rows_to_label(
    source: Source, labels: int | None = None, keep: Keep = everything, seed: int = 0
) -> list[int]:
    """Return the numbers of the rows whose label to show, as many of each class; reads all labels once.

    Args:
        source: a source with labels.
        labels: how many in all, a multiple of the number of classes; None is all that are known.
        keep: rows to choose from, such as `Split(0.1).train`.
        seed: start of the random numbers.

    Raises:
        InvalidInput: no label is known, or not as many of each class.

    Source: Kingma et al. 2014, section 4.1, which keeps as many of each class.

    Example:
        >>> import tfvae
        >>> source = tfvae.data.Arrays(np.zeros((6, 2)), label=[0, 1, 1, 0, 1, 0])
        >>> rows_to_label(source, 2)
        [2, 5]
    """
    label = np.concatenate([chunk["label"] for chunk in with_labels(source).chunks(source.window())])
    label = np.where(keep(0, len(label)), whole_labels(label), UNKNOWN)
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


def with_labels(source: Source) -> Source:
    """Return a source, or refuse one without labels.

    Example:
        >>> import tfvae
        >>> with_labels(tfvae.data.source("sklearn:iris")).name
        'sklearn:iris'
    """
    if source.label_dtype is None:
        raise InvalidInput("label", "a source with labels", f"{source.name}, which has none")
    return source
