"""Latent points that a user gives."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import ArrayLike, Tensor


def latent_points(z: ArrayLike, latent_dim: int, leading: str = "...") -> Tensor:
    """Return points z [..., latent_dim] as a float32 tensor.

    Args:
        z: the points.
        latent_dim: number of entries of a point.
        leading: the shape before a point, as an error says it; each name in it is a dimension that there has
            to be.

    Raises:
        InvalidInput: for another shape.

    Example:
        >>> latent_points([[0.0, 1.0]], 2).shape
        TensorShape([1, 2])
    """
    points = tf.cast(z, tf.float32)
    least = leading.count(",") + 1
    if points.shape.rank is not None and (points.shape.rank < least or points.shape[-1] != latent_dim):
        raise InvalidInput("z", f"shape ({leading}, {latent_dim})", tuple(points.shape))
    return points
