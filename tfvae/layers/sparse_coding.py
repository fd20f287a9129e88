"""Sparse coding: proximal gradient steps, which an encoder can learn to predict."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.types import Tensor


def soft_threshold(values: Tensor, threshold: float | Tensor) -> Tensor:
    """Return sign(v) max(|v| - threshold, 0), which minimizes (u - v)^2 / 2 + threshold |u| over u.

    Args:
        values: v.
        threshold: at least 0.

    Example:
        >>> soft_threshold(tf.constant([-2.0, 0.5, 1.5]), 1.0).numpy()
        array([-1. ,  0. ,  0.5], dtype=float32)
    """
    return tf.sign(values) * tf.nn.relu(tf.abs(values) - threshold)


def lipschitz_constant(dictionary: Tensor) -> Tensor:
    """Return the largest eigenvalue of D D^T, whose inverse is a step size of `ista` that always converges.

    Args:
        dictionary: D, [atoms, n].

    Example:
        >>> float(lipschitz_constant(tf.constant([[3.0, 0.0], [0.0, 1.0]])))
        9.0
    """
    rows, columns = dictionary.shape
    smaller = tf.matmul(dictionary, dictionary, transpose_a=rows > columns, transpose_b=rows <= columns)
    return tf.reduce_max(tf.linalg.eigvalsh(smaller))


def ista(
    x: Tensor, dictionary: Tensor, sparsity: float, steps: int, start: Tensor, pull: float = 0.0
) -> Tensor:
    """Return the code z [B, atoms] after some steps of iterative shrinkage and thresholding.

    energy = |x - z D|^2 / 2 + sparsity |z|_1 + pull |z - start|^2

    Each proximal gradient step lowers the energy, and z converges to its minimum.

    Args:
        x: [B, n].
        dictionary: D, an atom in each row, [atoms, n].
        sparsity: weight of the absolute values.
        steps: number of steps.
        start: z before the first step, [B, atoms].
        pull: weight of the squared distance from the start.

    Source: Daubechies et al. 2004; with the pull, Kavukcuoglu et al. 2010, equation 2.

    Example:
        >>> x, start = tf.constant([[3.0, 0.5]]), tf.zeros((1, 2))
        >>> ista(x, tf.eye(2), 1.0, 1, start).numpy()
        array([[2., 0.]], dtype=float32)
    """
    step = 1.0 / (lipschitz_constant(dictionary) + 2.0 * pull)
    z = start
    for _ in range(steps):
        slope = tf.matmul(tf.matmul(z, dictionary) - x, dictionary, transpose_b=True) + 2.0 * pull * (
            z - start
        )
        z = soft_threshold(z - step * slope, step * sparsity)
    return z
