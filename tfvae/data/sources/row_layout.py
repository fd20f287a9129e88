"""How a source's rows are stored, and their conversion to float32: images are scaled to [0, 1]."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

import numpy as np

from tfvae.core.errors import InvalidInput

if TYPE_CHECKING:
    from tfvae.core.types import Shape

LABEL_NAMES = ("label", "labels", "y", "class")

_IMAGE_RANK = 3  # [H, W, C]


@dataclasses.dataclass(frozen=True)
class RowLayout:
    """How a source's rows are stored, before any conversion.

    Args:
        row_shape: shape of one stored example.
        dtype: stored type of the examples.
        size: number of examples; None if only reading all of them would tell.
        stored_label_dtype: stored type of the labels; None if there are none.

    Example:
        >>> RowLayout((28, 28), np.dtype("uint8"), 60_000, np.dtype("uint8")).shape
        (28, 28, 1)
    """

    row_shape: Shape
    dtype: np.dtype
    size: int | None = None
    stored_label_dtype: np.dtype | None = None

    @property
    def shape(self) -> Shape:
        """Shape of one converted example: images have a channel axis, a single number has one axis."""
        if not self.row_shape:
            return (1,)
        return (*self.row_shape, 1) if len(self.row_shape) == _IMAGE_RANK - 1 else self.row_shape

    @property
    def is_image(self) -> bool:
        """Whether an example has height, width and channels."""
        return len(self.shape) >= _IMAGE_RANK

    @property
    def label_dtype(self) -> np.dtype | None:
        """Type of converted labels: float32 for stored floats, otherwise int64; None if there are none."""
        if self.stored_label_dtype is None:
            return None
        return np.dtype(np.float32 if self.stored_label_dtype.kind == "f" else np.int64)

    def check(self, name: str) -> Self:
        """Return this layout; raise if it has no rows, no columns or no numbers.

        Args:
            name: of the source, for the message.

        Raises:
            InvalidInput: names the source, what was expected and what is stored.
        """
        if self.dtype.kind not in "buif":
            raise InvalidInput(name, "real numbers", f"values of type {self.dtype}")
        if len(self.shape) > _IMAGE_RANK:
            raise InvalidInput(name, "examples [N, columns], [N, H, W] or [N, H, W, C]", self._stored())
        if 0 in self.row_shape or self.size == 0:
            raise InvalidInput(name, "at least one row and one column", f"an array of shape {self._stored()}")
        if self.stored_label_dtype is not None and self.stored_label_dtype.kind not in "buif":
            raise InvalidInput(name, "numbers as labels", f"labels of type {self.stored_label_dtype}")
        return self

    def convert(self, stored: np.ndarray) -> np.ndarray:
        """Return stored examples as float32 [n, *shape] in memory of their own.

        8-bit images are divided by 255, so that white is exactly 1. Numbers beyond float32 become infinite,
        which models reject.

        Args:
            stored: [n, *row_shape].
        """
        stored = stored.reshape(len(stored), *self.shape)
        if self.is_image and self.dtype == np.uint8:
            return np.divide(stored, np.float32(255), dtype=np.float32)
        with np.errstate(over="ignore"):
            return stored.astype(np.float32, order="C")

    def _stored(self) -> tuple[object, ...]:
        return ("N" if self.size is None else self.size, *self.row_shape)


def label_vector(label: np.ndarray, rows: int, name: str) -> np.ndarray:
    """Return labels as a vector [rows].

    Args:
        label: [rows] or [rows, 1].
        rows: number of examples.
        name: of the source, for the message.

    Raises:
        InvalidInput: for another shape.

    Example:
        >>> label_vector(np.array([[3], [4]]), 2, "digits.npz")
        array([3, 4])
    """
    if label.shape not in ((rows,), (rows, 1)):
        raise InvalidInput(name, f"one label for each of the {rows} rows", f"labels of shape {label.shape}")
    return label.reshape(rows)
