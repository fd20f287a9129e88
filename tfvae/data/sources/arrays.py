"""Sources that are arrays: in memory, or mapped from a file."""

from __future__ import annotations

import abc
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import StoredChunk
from tfvae.data.sources.mapped_array import MappedArray
from tfvae.data.sources.random_access import RandomAccessSource
from tfvae.data.sources.row_layout import RowLayout, label_vector
from tfvae.data.split import Keep

if TYPE_CHECKING:
    from tfvae.core.types import ArrayLike


_TABLE_RANK = 2  # [N, columns]


class ArraySource(RandomAccessSource):
    """A source that is one array of examples and, perhaps, one of labels; abstract.

    A new kind implements `_open`. Arrays in memory are shuffled as a whole; mapped ones in a pool.

    Args:
        name: of the source in messages, usually its path.

    Example:
        >>> import tfvae
        >>> isinstance(tfvae.data.source("sklearn:iris"), ArraySource)
        True
    """

    @abc.abstractmethod
    def _open(self) -> tuple[np.ndarray | MappedArray, np.ndarray | None]:
        """Return the examples and the labels (or None); called once."""

    @functools.cached_property
    def _arrays(self) -> tuple[np.ndarray | MappedArray, np.ndarray | None]:
        x, label = self._open()
        return x, None if label is None else label_vector(label, x.shape[0], self.name)

    def _read_layout(self) -> RowLayout:
        x, label = self._arrays
        return RowLayout(x.shape[1:], x.dtype, x.shape[0], None if label is None else label.dtype)

    def _read(self, start: int, stop: int) -> StoredChunk:
        x, label = self._arrays
        return x[start:stop], None if label is None else label[start:stop]

    def shuffled(
        self, keep: Keep, generator: np.random.Generator, batch: int, capacity: int
    ) -> Iterator[Chunk]:
        """Read all rows once, in random order; without a pool if the array is in memory."""
        x, label = self._arrays
        if isinstance(x, MappedArray):
            return super().shuffled(keep, generator, batch, capacity)
        order = generator.permutation(np.flatnonzero(keep(0, len(x))))
        return self._gather(x, label, order, batch)

    def _gather(
        self, x: np.ndarray, label: np.ndarray | None, order: np.ndarray, batch: int
    ) -> Iterator[Chunk]:
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            yield self._convert(x.take(rows, axis=0), None if label is None else label.take(rows))


@final
class Arrays(ArraySource):
    """Arrays in memory.

    Args:
        x: examples [N, columns], [N, H, W] or [N, H, W, C], NaN, masked or NA where missing; 8-bit images
            are scaled to [0, 1].
        label: one number for each example, [N]; None for none.

    Raises:
        InvalidInput: for arrays that are not numbers, sparse matrices, 8-bit images with a mask, no rows, and
            another number of labels than rows.

    Example:
        >>> source = Arrays(np.full((3, 4, 4), 255, np.uint8), label=[0, 1, 0])
        >>> source.shape, source.size, source.is_image, source.label_dtype
        ((4, 4, 1), 3, True, dtype('int64'))
        >>> float(next(source.chunks())["x"].max())
        1.0
    """

    def __init__(self, x: ArrayLike, label: ArrayLike | None = None):
        super().__init__("array")
        array = np.atleast_1d(as_numpy("x", x))
        if getattr(x, "dtype", None) == np.uint8 and array.dtype != np.uint8 and array.ndim > _TABLE_RANK:
            expected = "8-bit images without a mask, or floats in [0, 1] with one"
            raise InvalidInput("x", expected, f"{np.isnan(array).sum()} masked values")
        self._given = array, None if label is None else as_numpy("label", label)
        self.layout  # noqa: B018  (checks the arrays now)

    def _open(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self._given
