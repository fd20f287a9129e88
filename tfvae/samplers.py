"""Latent points worth decoding: draws from the prior, walks along one dimension, grids over two.

They return points z; `decode` turns points of any leading shape into E[x|z].
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.noise import as_seed
from tfvae.models import LatentModel

Given = dict[str, object]

_DECODED_AT_ONCE = 1024


def prior(model: LatentModel, n: int, seed: int = 0, given: Given | None = None) -> np.ndarray:
    """Draw z ~ p(z), [n, latent_dim]; `sample` of the model decodes the same draws.

    Args:
        model: the model.
        n: how many.
        seed: start of the random numbers.
        given: the inputs that x is generated from, by name, each [n, ...], for models that have such inputs.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
        >>> prior(vae, 3, seed=1).shape
        (3, 4)
    """
    integer("n", n)
    noise = tf.random.stateless_normal((n, model.prior_noise_dim), as_seed(seed))
    return model.prior_draw(noise, model.checked_given(given, n)).numpy()


def walk(model: LatentModel, z: np.ndarray, dimension: int, values: Sequence[float]) -> np.ndarray:
    """Copies of one point z in which only z[dimension] differs, [len(values), latent_dim].

    Args:
        model: the model.
        z: where the walk is, [latent_dim].
        dimension: which coordinate takes the values.
        values: what it takes, one after the other.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=3)
        >>> walk(vae, np.ones(3), dimension=1, values=[-2, 0, 2])
        array([[ 1., -2.,  1.],
               [ 1.,  0.,  1.],
               [ 1.,  2.,  1.]], dtype=float32)
    """
    _check_dimension(model, dimension)
    values = np.asarray(values, np.float32)
    if values.ndim != 1 or values.size == 0:
        raise InvalidInput("values", "a list of numbers", f"shape {values.shape}")
    points = np.repeat(_point(model, z)[np.newaxis], values.size, axis=0)
    points[:, dimension] = values
    return points


def traversals(
    model: LatentModel, z0: np.ndarray, dimensions: Sequence[int], span: float = 3.0, steps: int = 9
) -> np.ndarray:
    """One walk through z0 for each of `dimensions`, [len(dimensions), steps, latent_dim].

    z_j takes `steps` values evenly from -span to span; the other coordinates stay those of z0. Under a
    standard normal prior 3 is three standard deviations, beyond which p(z) holds 0.3 % of a coordinate.

    Args:
        model: the model.
        z0: the point all walks lead through, up to its coordinate j, [latent_dim].
        dimensions: which coordinates to walk along.
        span: how far to either side of 0.
        steps: points a walk.

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
    """A square grid over two latent dimensions, [side, side, latent_dim].

    Coordinate i of the grid is the normal quantile of a probability between (1 - coverage) / 2 and
    (1 + coverage) / 2 in even steps, so that under a standard normal prior each cell holds the same
    probability; the other dimensions are 0. The first of `dimensions` grows from left to right, the
    second from bottom to top.

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


def decode(model: LatentModel, z: np.ndarray, given: Given | None = None) -> np.ndarray:
    """Return E[x|z], [..., *event], for points z [..., latent_dim].

    Args:
        model: the model.
        z: the points.
        given: the inputs that x is generated from, by name, for models that have such inputs: one row for
            all points, or for z [..., n, latent_dim] n rows.

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
    given = _for_all(model, given, z.shape[:-1])
    parts = [
        model.decoded_mean(
            tf.constant(flat[start : start + _DECODED_AT_ONCE]),
            {name: value[start : start + _DECODED_AT_ONCE] for name, value in given.items()},
        ).numpy()
        for start in range(0, len(flat), _DECODED_AT_ONCE)
    ]
    decoded = np.concatenate(parts)
    return decoded.reshape(*z.shape[:-1], *decoded.shape[1:])


def _for_all(model: LatentModel, given: Given | None, leading: tuple[int, ...]) -> dict[str, tf.Tensor]:
    """Return what is given with one row for each of the points, whose leading axes are `leading`."""
    alone = bool(given) and all(np.shape(value)[:1] == (1,) for value in given.values())
    count = 1 if alone else int(np.prod(leading[-1:]))
    rows = int(np.prod(leading))
    checked = model.checked_given(given, count)
    return {
        name: tf.tile(value, [rows // count, *[1] * (value.shape.rank - 1)])
        for name, value in checked.items()
    }


def _point(model: LatentModel, z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, np.float32)
    if z.shape != (model.latent_dim,):
        raise InvalidInput("z", f"one point of shape ({model.latent_dim},)", f"shape {z.shape}")
    return z


def _check_dimension(model: LatentModel, dimension: int) -> None:
    if not 0 <= dimension < model.latent_dim:
        raise InvalidInput("dimension", f"an integer from 0 to {model.latent_dim - 1}", dimension)
