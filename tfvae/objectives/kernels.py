"""Kernels k(x, y) that measure how alike two latent points are."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.checks import is_number, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.core.types import Tensor


class Kernel(Configured, abc.ABC):
    """A positive definite kernel of the squared distance; abstract."""

    @abc.abstractmethod
    def of(self, squared: Tensor, dims: int) -> Tensor:
        """Return k where |x - y|^2 is `squared` and the points have `dims` entries."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return k(x_i, y_j), [..., n, m], for points x [..., n, D] and y [..., m, D].

        Distances are summed from differences: the shorter |x|^2 + |y|^2 - 2 x.y cancels, and loses half
        the digits where a device multiplies matrices at reduced precision.
        """
        differences = x[..., :, tf.newaxis, :] - y[..., tf.newaxis, :, :]
        return self.of(tf.reduce_sum(tf.square(differences), axis=-1), x.shape[-1])


class RBF(Kernel):
    """k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2)).

    Args:
        bandwidth: the distance over which points are alike.

    Source: Gretton et al. 2012, section 2.

    Example:
        >>> RBF(1.0)(tf.constant([[0.0]]), tf.constant([[0.0], [2.0]])).numpy()
        array([[1.        , 0.13533528]], dtype=float32)
    """

    def __init__(self, bandwidth: float = 1.0):
        self.bandwidth = positive("bandwidth", bandwidth)

    def of(self, squared: Tensor, dims: int) -> Tensor:
        """Return the kernel at a squared distance."""
        return tf.exp(-squared / (2.0 * self.bandwidth**2))


class InverseMultiquadric(Kernel):
    """k(x, y) = sum_s c_s / (c_s + |x - y|^2),  c_s = 2 D s: heavy tails that still pull far points.

    2 D is the expected squared distance between two draws from a standard normal in D dimensions.

    Args:
        scales: the s, one kernel for each.

    Source: Tolstikhin et al. 2018, section 4.

    Example:
        >>> InverseMultiquadric((1.0,))(tf.constant([[0.0]]), tf.constant([[0.0], [2.0]])).numpy()
        array([[1.        , 0.33333334]], dtype=float32)
    """

    def __init__(self, scales: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)):
        scales = tuple(scales)
        if not scales or any(not is_number(scale) or not scale > 0 for scale in scales):
            raise InvalidInput("scales", "one or more positive numbers", scales)
        self.scales = tuple(map(float, scales))

    def of(self, squared: Tensor, dims: int) -> Tensor:
        """Return the kernel at a squared distance."""
        sizes = [2.0 * dims * scale for scale in self.scales]
        return tf.add_n([size / (size + squared) for size in sizes])
