"""Standardization measured from a stream of any length, in the pipeline or inside a model."""

from __future__ import annotations

from typing import Self, final

import keras
import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.data.sources.base import Source
from tfvae.data.split import Keep, everything


@final
@keras.saving.register_keras_serializable("tfvae")
class Standardize(keras.layers.Layer):
    """Shift and scale every column: z = (x - offset) / scale, and no further than `limit` from 0.

    Computes in float32 whatever the model's dtype policy; NaN stays NaN. The division is done as a product
    with the float32 reciprocal, for that is what TensorFlow makes of it in compiled functions: so eager,
    compiled and NumPy results agree to the last bit.

    Args:
        offset: what to subtract, one number a column (nested lists for images), in units of x.
        scale: what to divide by, positive, of the same shape.
        limit: largest |z|, for values far from all others to weigh no more than that; None is no limit.
        name: name of the layer.

    Raises:
        InvalidInput: different shapes, or a scale or limit that is not positive and finite.

    Example:
        >>> layer = Standardize(offset=[1.0, 2.0], scale=[2.0, 4.0])
        >>> layer.transform(np.array([[3.0, 2.0]], np.float32))
        array([[1., 0.]], dtype=float32)
    """

    def __init__(
        self, offset: list[float], scale: list[float], limit: float | None = None, name: str | None = None
    ):
        # In bfloat16 a shift of large values would leave nothing of their differences.
        super().__init__(name=name, dtype="float32", trainable=False)
        self._offset, self._scale = np.asarray(offset, np.float32), np.asarray(scale, np.float32)
        if self._offset.shape != self._scale.shape or not self._offset.ndim:
            raise InvalidInput("scale", f"the shape of offset, {self._offset.shape}", self._scale.shape)
        if not np.isfinite(self._offset).all():
            raise InvalidInput("offset", "finite numbers", offset)
        if not ((self._scale > 0) & np.isfinite(self._scale)).all():
            raise InvalidInput("scale", "positive, finite numbers", scale)
        if limit is not None and not 0 < limit < np.inf:
            raise InvalidInput("limit", "a positive, finite number, or None", limit)
        self.limit = limit
        self._reciprocal = np.float32(1) / self._scale
        self.offset, self.scale = self._offset.tolist(), self._scale.tolist()

    @classmethod
    def fit(cls, source: Source, split_mask: Keep = everything, limit: float | None = None) -> Self:
        """Measure mean and standard deviation of each column in one pass, in float64 and bounded memory.

        Chunks are joined by Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
        computing sample variances", 1979, equation 2.1. The deviation is that of a population: over n, not
        n − 1. NaN is left out; a column whose values are all equal, or all NaN, gets the scale 1.

        Args:
            source: the rows.
            split_mask: marks the rows to use, such as `Split(0.1).train`.
            limit: as of the layer.

        Raises:
            InvalidInput: no row is marked, or a column holds infinite values.

        Example:
            >>> import tfvae
            >>> layer = Standardize.fit(tfvae.data.Arrays(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])))
            >>> layer.offset, layer.scale
            ([2.0, 5.0], [1.0, 1.0])
        """
        moments = _Moments(source.shape)
        first = 0
        for chunk in source.chunks():
            x = chunk["x"]
            moments.add(x[split_mask(first, len(x))])
            first += len(x)
        if not moments.rows:
            raise InvalidInput("split_mask", f"at least one row of {source.name}", "a part without rows")
        infinite = np.argwhere(~np.isfinite(moments.mean))
        if len(infinite):
            raise InvalidInput(
                source.name, "finite values", f"infinite ones in column {infinite[0].tolist()}"
            )
        return cls(moments.mean.tolist(), moments.scale().tolist(), limit)

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Standardize a tensor [..., *columns]."""
        offset, reciprocal = (keras.ops.convert_to_tensor(v) for v in (self._offset, self._reciprocal))
        standard = (inputs - offset) * reciprocal
        return standard if self.limit is None else keras.ops.clip(standard, -self.limit, self.limit)

    def inverse(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Undo it: x = z scale + offset; what the limit took away is not known any more."""
        outputs = keras.ops.convert_to_tensor(outputs, "float32")
        return outputs * keras.ops.convert_to_tensor(self._scale) + keras.ops.convert_to_tensor(self._offset)

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Standardize a float32 NumPy array as the layer does; to be given as `Pipeline(transform=)`."""
        standard = (x - self._offset) * self._reciprocal
        return standard if self.limit is None else np.clip(standard, -self.limit, self.limit)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, object]:
        """The arguments of the constructor."""
        return {"offset": self.offset, "scale": self.scale, "limit": self.limit, "name": self.name}


class _Moments:
    """Count, mean and sum of squared deviations of each column, over chunks, without NaN."""

    def __init__(self, shape: tuple[int, ...]):
        self.rows = 0
        self.count, self.mean, self._squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._low, self._high = np.full(shape, np.inf), np.full(shape, -np.inf)

    def add(self, x: np.ndarray) -> None:
        if not len(x):
            return
        self.rows += len(x)
        x = x.astype(np.float64)
        known = ~np.isnan(x)
        count = known.sum(axis=0)
        self._low = np.minimum(self._low, np.where(known, x, np.inf).min(axis=0))
        self._high = np.maximum(self._high, np.where(known, x, -np.inf).max(axis=0))
        with np.errstate(invalid="ignore"):  # infinite values become a NaN mean, which fit refuses
            mean = np.where(known, x, 0).sum(axis=0) / np.maximum(count, 1)
            squares = np.square(np.where(known, x - mean, 0)).sum(axis=0)
            total = np.maximum(self.count + count, 1)
            step = mean - self.mean
            self._squares += squares + np.square(step) * self.count * count / total
            self.mean += step * count / total
        self.count += count

    def scale(self) -> np.ndarray:
        deviation = np.sqrt(self._squares / np.maximum(self.count, 1))
        # Not deviation > 0: the mean of equal numbers is rounded, and leaves a deviation of about 1e-17.
        return np.where((self._high > self._low) & (deviation > 0), deviation, 1.0)
