"""What stored numbers mean: images are scaled to [0, 1], everything else is taken as it is, as float32."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfvae.core.errors import InvalidInput

LABEL_NAMES = ("label", "labels", "y", "class")

_IMAGE_RANK = 3  # with the axis of the examples: [N, H, W] or [N, H, W, C]


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a source's rows are stored, before anything is scaled.

    Args:
        row_shape: shape of one stored example, without the axis of the examples.
        dtype: stored type of the examples.
        size: number of examples, or None where only a full reading would tell.
        label_dtype: stored type of the labels, or None where there are none.

    Example:
        >>> Layout((28, 28), np.dtype("uint8"), 60_000, np.dtype("uint8")).shape
        (28, 28, 1)
    """

    row_shape: tuple[int, ...]
    dtype: np.dtype
    size: int | None = None
    label_dtype: np.dtype | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example as the user sees it: images have a channel axis, a plain number has one."""
        if not self.row_shape:
            return (1,)
        return (*self.row_shape, 1) if len(self.row_shape) == _IMAGE_RANK - 1 else self.row_shape

    @property
    def is_image(self) -> bool:
        """Whether an example has rows, columns and channels."""
        return len(self.shape) >= _IMAGE_RANK

    def check(self, name: str) -> Layout:
        """Return this layout, or refuse what is not numbers, or has no rows, or rows without numbers.

        Raises:
            InvalidInput: the message names the source, what was expected and what is stored.
        """
        if self.dtype.kind not in "buif":
            raise InvalidInput(name, "real numbers", f"values of type {self.dtype}")
        if len(self.shape) > _IMAGE_RANK:
            raise InvalidInput(name, "examples [N, columns], [N, H, W] or [N, H, W, C]", self._stored())
        if 0 in self.row_shape or self.size == 0:
            raise InvalidInput(name, "at least one row and one column", f"an array of shape {self._stored()}")
        if self.label_dtype is not None and self.label_dtype.kind not in "buif":
            raise InvalidInput(name, "numbers as labels", f"labels of type {self.label_dtype}")
        return self

    def examples(self, raw: np.ndarray) -> np.ndarray:
        """Convert stored examples to float32 `[n, *shape]`; the result never shares memory with `raw`.

        Bytes of images are divided by 255, so that white is exactly 1.
        """
        raw = raw.reshape(len(raw), *self.shape)
        if self.is_image and self.dtype == np.uint8:
            return np.divide(raw, np.float32(255), dtype=np.float32)
        with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which the model refuses aloud
            return raw.astype(np.float32, order="C")

    def _stored(self) -> tuple[object, ...]:
        return ("N" if self.size is None else self.size, *self.row_shape)


def canonical_label_dtype(dtype: np.dtype | None) -> np.dtype | None:
    """Integers are int64, others float32.

    Example:
        >>> canonical_label_dtype(np.dtype("uint8"))
        dtype('int64')
    """
    if dtype is None:
        return None
    return np.dtype(np.float32 if dtype.kind == "f" else np.int64)


def label_column(label: np.ndarray, rows: int, name: str) -> np.ndarray:
    """Return labels as a vector with one entry a row.

    Raises:
        InvalidInput: for another number of labels than rows, or more than one label a row.

    Example:
        >>> label_column(np.array([[3], [4]]), 2, "digits.npz")
        array([3, 4])
    """
    if label.shape not in ((rows,), (rows, 1)):
        raise InvalidInput(name, f"one label for each of the {rows} rows", f"labels of shape {label.shape}")
    return label.reshape(rows)
