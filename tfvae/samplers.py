"""Latent points to decode: draws from the prior, walks along one dimension, grids over two dimensions.

They return points z; `decode` returns E[x|z] of points with any leading shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.noise import as_seed
from tfvae.core.types import ArrayLike, Shape, Tensors
from tfvae.models import LatentModel

__all__ = ["decode", "grid2d", "prior", "traversals", "walk"]


def __dir__() -> list[str]:
    return __all__


Given = Mapping[str, ArrayLike]

_DECODED_AT_ONCE = 1024  # latent points


def prior(model: LatentModel, n: int, seed: int = 0, given: Given | None = None) -> np.ndarray:
    """Return draws z ~ p(z), [n, latent_dim]; the model's `sample` decodes the same draws.

    Args:
        model: the model.
        n: number of draws.
        seed: seed of the draws.
        given: the inputs that x is generated from, such as a condition, by name, each [n, ...]; None for
            models without such inputs.

    Raises:
        InvalidInput: for `n` below 1, and inputs that the model does not take.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
        >>> prior(vae, 3, seed=1).shape
        (3, 4)
    """
    integer("n", n)
    noise = tf.random.stateless_normal((n, model.prior_noise_dim), as_seed(seed))
    return model.prior_draw(noise, model.checked_given(given, n)).numpy()


def walk(model: LatentModel, z: ArrayLike, dimension: int, values: ArrayLike) -> np.ndarray:
    """Return copies of a point z that differ only in z[dimension], [len(values), latent_dim].

    Args:
        model: the model.
        z: the point, [latent_dim].
        dimension: index of the latent dimension that varies.
        values: its values.

    Raises:
        InvalidInput: for a point, a dimension or values of another shape or range.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=3)
        >>> walk(vae, np.ones(3), dimension=1, values=[-2, 0, 2])
        array([[ 1., -2.,  1.],
               [ 1.,  0.,  1.],
               [ 1.,  2.,  1.]], dtype=float32)
    """
    _check_dimension(model, dimension)
    coordinates = np.asarray(values, np.float32)
    if coordinates.ndim != 1 or coordinates.size == 0:
        raise InvalidInput("values", "a list of numbers", f"shape {coordinates.shape}")
    points = np.repeat(_point(model, z)[np.newaxis], coordinates.size, axis=0)
    points[:, dimension] = coordinates
    return points


def traversals(
    model: LatentModel, z0: ArrayLike, dimensions: Sequence[int], span: float = 3.0, steps: int = 9
) -> np.ndarray:
    """Return a walk for each of several dimensions, [len(dimensions), steps, latent_dim].

    z_j takes `steps` evenly spaced values from -span to span; the other coordinates are those of z0. Under a
    standard normal prior a span of 3 is three standard deviations, beyond which 0.3 % of the values lie.

    Args:
        model: the model.
        z0: the point whose other coordinates are kept, [latent_dim].
        dimensions: indices of the latent dimensions that vary.
        span: largest value, above 0.
        steps: number of points of a walk, at least 2.

    Raises:
        InvalidInput: for a point, dimensions, a span or a number of steps out of range.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=3)
        >>> traversals(vae, np.zeros(3), dimensions=[2, 0], span=1, steps=3)[0]
        array([[ 0.,  0., -1.],
               [ 0.,  0.,  0.],
               [ 0.,  0.,  1.]], dtype=float32)
    """
    integer("steps", steps, 2)
    if not len(dimensions):
        raise InvalidInput("dimensions", "at least one latent dimension", list(dimensions))
    span = positive("span", span)
    values = np.linspace(-span, span, steps)
    return np.stack([walk(model, z0, dimension, values) for dimension in dimensions])


def grid2d(
    model: LatentModel, side: int = 15, dimensions: tuple[int, int] = (0, 1), coverage: float = 0.98
) -> np.ndarray:
    """Return a square grid over two latent dimensions, [side, side, latent_dim].

    The coordinates are the normal quantiles of evenly spaced probabilities from (1 - coverage) / 2 to
    (1 + coverage) / 2, so that under a standard normal prior each cell has the same probability; the other
    dimensions are 0. The first of `dimensions` grows from left to right, the second from bottom to top.

    Args:
        model: the model.
        side: number of points of a side, at least 2.
        dimensions: indices of the two latent dimensions.
        coverage: probability that a coordinate of the prior is within the grid, between 0 and 1.

    Raises:
        InvalidInput: for a side, dimensions or a coverage out of range.

    Source: Kingma and Welling 2014, figure 4.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> grid2d(vae, side=3, coverage=0.5).round(2)[0]
        array([[-0.67,  0.67],
               [ 0.  ,  0.67],
               [ 0.67,  0.67]], dtype=float32)
    """
    integer("side", side, 2)
    if not 0 < coverage < 1:
        raise InvalidInput("coverage", "a probability between 0 and 1", coverage)
    first, second = dimensions
    _check_dimension(model, first)
    _check_dimension(model, second)
    probabilities = np.linspace((1 - coverage) / 2, (1 + coverage) / 2, side)
    quantiles = np.array([NormalDist().inv_cdf(value) for value in probabilities], np.float32)
    points = np.zeros((side, side, model.latent_dim), np.float32)
    points[..., first] = quantiles
    points[..., second] = quantiles[::-1, np.newaxis]
    return points


def decode(model: LatentModel, z: ArrayLike, given: Given | None = None) -> np.ndarray:
    """Return E[x|z], [..., *event], for points z [..., latent_dim].

    Args:
        model: the model.
        z: the points, [..., latent_dim].
        given: the inputs that x is generated from, such as a condition, by name; one row for all points, or n
            rows for z [..., n, latent_dim]. None for models without such inputs.

    Raises:
        InvalidInput: for points of another dimension, and inputs that the model does not take.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
        >>> decode(vae, traversals(vae, np.zeros(4), dimensions=[0, 3], steps=5)).shape
        (2, 5, 8, 8, 1)
    """
    z = np.asarray(z, np.float32)
    if z.ndim < 1 or z.shape[-1] != model.latent_dim or z.size == 0:
        raise InvalidInput("z", f"points of shape (..., {model.latent_dim})", f"shape {z.shape}")
    flat = z.reshape(-1, model.latent_dim)
    tiled = _tiled(model, given, z.shape[:-1])
    parts = [
        model.decoded_mean(
            tf.constant(flat[start : start + _DECODED_AT_ONCE]),
            {name: value[start : start + _DECODED_AT_ONCE] for name, value in tiled.items()},
        ).numpy()
        for start in range(0, len(flat), _DECODED_AT_ONCE)
    ]
    decoded = np.concatenate(parts)
    return decoded.reshape(*z.shape[:-1], *decoded.shape[1:])


def _tiled(model: LatentModel, given: Given | None, leading: Shape) -> Tensors:
    """Return the inputs with one row for each of the points, whose leading axes are `leading`."""
    one_row = given is not None and len(given) > 0 and all(np.shape(v)[:1] == (1,) for v in given.values())
    count = 1 if one_row else int(np.prod(leading[-1:]))
    rows = int(np.prod(leading))
    checked = model.checked_given(given, count)
    return {
        name: tf.tile(value, [rows // count, *[1] * (value.shape.rank - 1)])
        for name, value in checked.items()
    }


def _point(model: LatentModel, z: ArrayLike) -> np.ndarray:
    z = np.asarray(z, np.float32)
    if z.shape != (model.latent_dim,):
        raise InvalidInput("z", f"one point of shape ({model.latent_dim},)", f"shape {z.shape}")
    return z


def _check_dimension(model: LatentModel, dimension: int) -> None:
    if not 0 <= dimension < model.latent_dim:
        raise InvalidInput("dimension", f"an integer from 0 to {model.latent_dim - 1}", dimension)
