"""Distributions on the unit sphere that are symmetric around a direction.

All are the uniform distribution, tilted by a statistic of the angle to the direction:

    q(z) = exp(k T(s) - A(k)) / area,   s = (1 - direction . z) / 2 in [0, 1],   A(k) = log E[exp(k T(s))]

where the expectation is under the uniform distribution on the sphere. So KL(q || uniform) = k A'(k) - A(k).
In the coordinate y = log(s / (1 - s)) / 2 the angle has the density

    p(y) ~ sech(y)^(d - 1) exp(k T(y)),   direction . z = -tanh(y)

whose width does not shrink as the concentration k grows. One grid of Gauss-Legendre cells around its mode
gives A, its derivative, the distribution function and its inverse, in float64.
"""

from __future__ import annotations

import abc
import math
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor, Tensors
from tfvae.distributions.base import UnvalidatedDistribution
from tfvae.distributions.sphere import log_sphere_area, unit_vectors

_CELLS = 96
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_STEPS = 5  # of Newton's method inside a cell, enough for float32


class TiltedSpherical(UnvalidatedDistribution, abc.ABC):
    """A uniform distribution on the unit sphere, tilted toward a direction; abstract.

    Args:
        direction: unit vectors, [B, d] or [d].
        concentration: k > 0, [B] or [].
        name: of the distribution.
    """

    def __init__(self, direction: Tensor, concentration: Tensor, name: str):
        parameters = {"direction": direction, "concentration": concentration, "name": name}
        self.direction = tf.convert_to_tensor(direction)
        self.concentration = tf.convert_to_tensor(concentration)
        self._others = self.direction.shape[-1] - 1
        super().__init__(parameters, tfd.FULLY_REPARAMETERIZED, name=name)

    @abc.abstractmethod
    def _statistic(self, y: Tensor) -> Tensor:
        """Return T at y, at most 0."""

    @abc.abstractmethod
    def _mode(self, k: Tensor) -> Tensor:
        """Return s at the mode of the density of y."""

    def from_noise(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Transform standard normal noise into draws.

        The first number gives the angle, by the inverse of its distribution function; its gradient for
        the concentration is that of the implicit function. The others give where on the circle of that
        angle the draw lies: uniformly around the first axis, then reflected onto the direction.

        Args:
            noise: [S, B, d] or [S, 1, d].

        Returns:
            Draws [S, B, d] and their log density [S, B].
        """
        grid = self._grid()
        y = self._quantile(0.5 * tf.math.erfc(-tf.cast(noise[..., 0], tf.float64) * math.sqrt(0.5)), grid)
        log_q = self._log_density(self._statistic(y), grid)
        along, across = tf.cast(-tf.tanh(y), tf.float32), tf.cast(1.0 / tf.cosh(y), tf.float32)
        around = across[..., tf.newaxis] * tf.broadcast_to(
            unit_vectors(noise[..., 1:]), tf.concat([tf.shape(across), [self._others]], 0)
        )
        return _reflect(self.direction, tf.concat([along[..., tf.newaxis], around], axis=-1)), log_q

    def _log_prob(self, x: Tensor) -> Tensor:
        # By the distance from the direction, which keeps its digits where the two are close.
        s = 0.25 * tf.reduce_sum(tf.square(tf.cast(x - self.direction, tf.float64)), axis=-1)
        s = tf.clip_by_value(s, 1e-15, 1.0 - 1e-15)
        return self._log_density(self._statistic(0.5 * (tf.math.log(s) - tf.math.log1p(-s))), self._grid())

    def _log_density(self, statistic: Tensor, grid: Tensors) -> Tensor:
        log_tilt = self._concentration64 * statistic - grid["log_mean"]
        return tf.cast(log_tilt - log_sphere_area(self._others + 1), tf.float32)

    def rate(self) -> Tensor:
        """Return KL(q || uniform), [B]: k A'(k) - A(k)."""
        grid = self._grid()
        return tf.cast(self._concentration64 * grid["statistic"] - grid["log_mean"], tf.float32)

    def _entropy(self) -> Tensor:
        return log_sphere_area(self._others + 1) - self.rate()

    def _mean(self) -> Tensor:
        return tf.cast(self._grid()["cosine"], tf.float32)[..., tf.newaxis] * self.direction

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        noise = tfd.Normal(tf.zeros_like(self.direction), 1.0).sample(n, seed=seed)
        return self.from_noise(noise)[0]

    @property
    def _concentration64(self) -> Tensor:
        return tf.cast(self.concentration, tf.float64)

    def _log_unnormalized(self, y: Tensor, k: Tensor) -> Tensor:
        return self._others * (y - tf.math.softplus(2.0 * y)) + k * self._statistic(y)

    def _grid(self) -> Tensors:
        """The cells' left edges, the distribution function there, and three integrals over all cells."""
        k, others = self._concentration64[..., tf.newaxis], self._others
        mode = tf.stop_gradient(self._mode(k))
        center = 0.5 * (tf.math.log(mode) - tf.math.log1p(-mode))
        # At worst the density falls like exp(-(d - 1) |y|), and its deviation is 1 / sqrt(d - 1).
        half = 20.0 / others + 6.0 / math.sqrt(others)
        width = 2.0 * half / _CELLS
        left = width * np.arange(_CELLS) - half
        y = center + (left[:, np.newaxis] + 0.5 * width * (1.0 + _NODES)).ravel()
        logits = self._log_unnormalized(y, k) + math.log(0.5 * width) + np.tile(np.log(_WEIGHTS), _CELLS)
        log_total = tf.reduce_logsumexp(logits, axis=-1)
        mass = tf.exp(logits - log_total[..., tf.newaxis])
        cells = tf.reduce_sum(tf.reshape(mass, tf.concat([tf.shape(mass)[:-1], [_CELLS, 4]], 0)), axis=-1)
        # The same integral without a tilt: the integral of sech(y)^(d - 1), here over 2^(d - 1).
        uniform = 0.5 * math.log(math.pi) + math.lgamma(0.5 * others) - math.lgamma(0.5 * (others + 1))
        return {
            "left": center + left,
            "width": tf.constant(width, tf.float64),
            "below": tf.cumsum(cells, axis=-1, exclusive=True),
            "log_total": log_total,
            "log_mean": log_total + others * math.log(2.0) - uniform,
            "statistic": tf.reduce_sum(mass * self._statistic(y), axis=-1),
            "cosine": -tf.reduce_sum(mass * tf.tanh(y), axis=-1),
        }

    def _quantile(self, u: Tensor, grid: Tensors) -> Tensor:
        """Return y [S, B] with P(Y <= y) = u, for u [S, B] or [S, 1], differentiable in the concentration."""
        k = self._concentration64[..., tf.newaxis]
        u = tf.transpose(tf.broadcast_to(u, tf.broadcast_dynamic_shape(tf.shape(u), tf.shape(k)[:-1])))
        cell = tf.searchsorted(tf.stop_gradient(grid["below"]), u, side="right") - 1
        cell = tf.clip_by_value(cell, 0, _CELLS - 1)
        left, below = (tf.gather(grid[name], cell, batch_dims=1) for name in ("left", "below"))
        log_total = grid["log_total"][..., tf.newaxis]

        def density(y: Tensor, k: Tensor, log_total: Tensor) -> Tensor:
            return tf.exp(self._log_unnormalized(y, k) - log_total)

        def excess(y: Tensor, k: Tensor, below: Tensor, log_total: Tensor) -> Tensor:
            half = 0.5 * (y - left)[..., tf.newaxis]
            nodes = left[..., tf.newaxis] + half * (1.0 + _NODES)
            inside = density(nodes, k[..., tf.newaxis], log_total[..., tf.newaxis])
            return below + tf.reduce_sum(half * _WEIGHTS * inside, axis=-1) - u

        fixed = [tf.stop_gradient(value) for value in (k, below, log_total)]
        low, high = left, left + grid["width"]
        y = 0.5 * (low + high)
        for _ in range(_STEPS):
            error = excess(y, *fixed)
            low, high = tf.where(error < 0, y, low), tf.where(error < 0, high, y)
            step = y - error / density(y, fixed[0], fixed[2])
            y = tf.where((step >= low) & (step <= high), step, 0.5 * (low + high))
        # One more step, whose gradient is that of the implicit function.
        y = y - excess(y, k, below, log_total) / density(y, fixed[0], fixed[2])
        return tf.transpose(y)

    def _batch_shape(self) -> tf.TensorShape:
        return self.concentration.shape

    def _batch_shape_tensor(self) -> Tensor:
        return tf.shape(self.concentration)

    def _event_shape(self) -> tf.TensorShape:
        return self.direction.shape[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return tf.shape(self.direction)[-1:]


@tfd.RegisterKL(TiltedSpherical, tfd.SphericalUniform)
def _kl_tilted_uniform(q: TiltedSpherical, p: tfd.SphericalUniform, name: str | None = None) -> Tensor:
    return q.rate()


def _reflect(direction: Tensor, z: Tensor) -> Tensor:
    """Reflect z so that the first axis becomes the direction.

    Of the two reflections that do, with and without a change of sign, the one is taken whose mirror is
    far from undefined; so gradients for the direction stay small everywhere.
    """
    sign = tf.where(direction[..., :1] >= 0, 1.0, -1.0)
    normal = direction + sign * tf.one_hot(0, direction.shape[-1])
    length = tf.reduce_sum(tf.square(normal), axis=-1, keepdims=True)
    along = tf.reduce_sum(normal * z, axis=-1, keepdims=True)
    return -sign * (z - 2.0 * along / length * normal)
