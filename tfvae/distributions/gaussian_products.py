"""Products of Gaussian densities."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.types import Tensor


def product_of_normals(loc: Tensor, scale: Tensor, powers: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return loc and scale of the normal that is proportional to prod_m N(z; loc_m, scale_m^2)^a_m.

    1 / scale^2 = sum_m a_m / scale_m^2,  loc = scale^2 sum_m a_m loc_m / scale_m^2

    Precisions are taken relative to the largest, so that no scale is too small or too large to be squared.

    Args:
        loc: [..., M, D].
        scale: positive, [..., M, D].
        powers: a, [..., M], 0 for a factor that is left out; None is 1 for all. At least one is positive.

    Returns:
        loc and scale, each [..., D].

    Source: Sonderby et al. 2016; Wu and Goodman 2018 (MVAE), section 2.

    Example:
        >>> loc, scale = product_of_normals(tf.constant([[0.0], [4.0]]), tf.ones([2, 1]))
        >>> float(loc[0]), float(scale[0])
        (2.0, 0.7071067...)
    """
    weights: Tensor = tf.ones_like(loc[..., :1]) if powers is None else powers[..., tf.newaxis]
    sharpest = tf.reduce_min(tf.where(weights > 0, scale, math.inf), axis=-2, keepdims=True)
    sharpest = tf.stop_gradient(sharpest)  # the result does not depend on it
    precisions = weights * tf.square(sharpest / tf.where(weights > 0, scale, sharpest))
    total = tf.reduce_sum(precisions, axis=-2)
    mean = tf.reduce_sum(precisions * loc, axis=-2) / total
    return mean, sharpest[..., 0, :] * tf.math.rsqrt(total)
