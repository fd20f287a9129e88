"""Standardization with statistics of a stream of any length, in the pipeline or inside a model."""

from __future__ import annotations

from typing import Any, Self, final

import keras
import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array
from tfvae.core.numpy_arrays import as_numpy
from tfvae.core.types import ArrayLike, InputShape, Shape
from tfvae.data.sources.base import Source
from tfvae.data.split import Keep, everything


@final
@keras.saving.register_keras_serializable("tfvae")
class Standardize(keras.layers.Layer):
    """Standardize each column: z = (x - offset) / scale, clipped to [-limit, limit].

    Computed in float32 in any dtype policy; NaN stays NaN. The division is a multiplication by the float32
    reciprocal, as TensorFlow computes it in compiled functions, so that eager, compiled and NumPy results
    agree to the last bit.

    Args:
        offset: one number for each column (nested lists for images), in units of x.
        scale: positive numbers of the same shape, in units of x.
        limit: largest |z|, which limits the weight of outliers; None means no limit.
        name: name of the layer.

    Raises:
        InvalidInput: for different shapes, an offset that is not finite, and a scale or limit that is not
            positive and finite.

    Example:
        >>> layer = Standardize(offset=[1.0, 2.0], scale=[2.0, 4.0])
        >>> layer.transform(np.array([[3.0, 2.0]], np.float32))
        array([[1., 0.]], dtype=float32)
    """

    def __init__(
        self, offset: ArrayLike, scale: ArrayLike, limit: float | None = None, name: str | None = None
    ):
        # In bfloat16 a shift of large values would leave nothing of their differences.
        super().__init__(name=name, dtype="float32", trainable=False)
        self._offset = as_numpy("offset", offset).astype(np.float32)
        self._scale = as_numpy("scale", scale).astype(np.float32)
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
        """Return the layer with the mean and standard deviation of each column of a source.

        One pass in float64 and bounded memory. The variance is divided by n, not by n - 1. NaN is left out;
        a column whose values are all equal, or all NaN, has scale 1.

        Args:
            source: the rows.
            split_mask: `split_mask(first_row, count)` returns the bool mask of the rows to use, such as
                `Split(0.1).train`.
            limit: as for the layer.

        Raises:
            InvalidInput: for no rows, a column with infinite values, and what is not a source.

        Source: Chan, Golub and LeVeque 1979 (Updating formulae and a pairwise algorithm for computing sample
            variances), equation 2.1.

        Example:
            >>> import tfvae
            >>> layer = Standardize.fit(tfvae.data.Arrays(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])))
            >>> layer.offset, layer.scale
            ([2.0, 5.0], [1.0, 1.0])
        """
        if not isinstance(source, Source):
            raise InvalidInput(
                "source", "a source, such as tfvae.data.Arrays(x)", f"a {type(source).__name__}"
            )
        moments = _RunningMoments(source.shape)
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

    def call(self, inputs: Any) -> Any:
        """Return z of a tensor [..., *columns]."""
        offset, reciprocal = (keras.ops.convert_to_tensor(v) for v in (self._offset, self._reciprocal))
        z = (inputs - offset) * reciprocal
        return z if self.limit is None else keras.ops.clip(z, -self.limit, self.limit)

    def inverse(self, outputs: Any) -> Any:
        """Return x = z scale + offset; values that were clipped are not restored.

        Args:
            outputs: z, a tensor or array [..., *columns].
        """
        if not isinstance(outputs, keras.KerasTensor):
            outputs = to_array("outputs", outputs)
        z: Any = keras.ops.convert_to_tensor(outputs, "float32")
        return z * keras.ops.convert_to_tensor(self._scale) + keras.ops.convert_to_tensor(self._offset)

    def transform(self, x: ArrayLike) -> np.ndarray:
        """Return z of a float32 array, to the same bits as the layer; for `Pipeline(transform=)`.

        Args:
            x: [..., *columns], NaN, masked or NA where missing.

        Raises:
            InvalidInput: for sparse matrices, and what holds no numbers.
        """
        z = (np.asarray(to_array("x", x)) - self._offset) * self._reciprocal
        return z if self.limit is None else np.clip(z, -self.limit, self.limit)

    def compute_output_shape(self, input_shape: InputShape) -> InputShape:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"offset": self.offset, "scale": self.scale, "limit": self.limit, "name": self.name}


class _RunningMoments:
    """Count, mean and sum of squared deviations of each column over chunks, without NaN."""

    def __init__(self, shape: Shape):
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
        with np.errstate(invalid="ignore"):  # infinite values give a NaN mean, which `fit` rejects
            mean = np.where(known, x, 0).sum(axis=0) / np.maximum(count, 1)
            squares = np.square(np.where(known, x - mean, 0)).sum(axis=0)
            total = np.maximum(self.count + count, 1)
            step = mean - self.mean
            self._squares += squares + np.square(step) * self.count * count / total
            self.mean += step * count / total
        self.count += count

    def scale(self) -> np.ndarray:
        deviation = np.sqrt(self._squares / np.maximum(self.count, 1))
        # Not deviation > 0 alone: the mean of equal numbers is rounded, which leaves about 1e-17.
        return np.where((self._high > self._low) & (deviation > 0), deviation, 1.0)
