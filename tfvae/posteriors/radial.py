"""The posterior of radial flows."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.types import Tensor, Tensors
from tfvae.posteriors.stepwise_flow import StepwiseFlowPosterior

_SMALLEST_SLOPE = 1e-3  # of all steps together; float32 can invert them to a few digits
_SMALLEST_RADIUS = 0.01


class Radial(StepwiseFlowPosterior):
    """A diagonal Gaussian contracted toward points or expanded from them, by parameters from the network.

    f(z) = z + beta (z - c) / (alpha + r),  r = |z - c|
    log |det f'| = (d - 1) log(1 + beta / (alpha + r)) + log(1 + alpha beta / (alpha + r)^2)

    alpha > 0 and beta > (0.001^(1 / num_flows) - 1) alpha, where f is invertible, in float32 too: all steps
    together compress by a factor of 1000 at most. The inverse is in closed form: r is the positive root of
    r^2 + (alpha + beta - s) r - alpha s = 0, with s = |f(z) - c|.

    Args:
        latent_dim: number of latent dimensions.
        num_flows: number of steps.
        floor: smallest scale of the Gaussian.

    Source: Rezende and Mohamed 2015, equation 14 and appendix A.2.

    Example:
        >>> posterior = Radial(2, num_flows=4)
        >>> q = posterior.distribution(posterior(tf.ones([5, 3])))
        >>> q.log_prob(q.sample(7, seed=(1, 2))).shape
        TensorShape([7, 5])
    """

    step_names = ("center", "alpha", "beta")

    def flow_head(self) -> Head:
        """Return the projection to c, alpha and beta of each step."""
        return Head((self.num_flows,), self.latent_dim + 2, name="steps_head", dtype=self.dtype_policy)

    def flow_params(self, raw: Tensor) -> Tensors:
        """Return {"center"}, [B, num_flows, latent_dim], and {"alpha", "beta"}, each [B, num_flows]."""
        center, alpha, beta = tf.split(raw, [self.latent_dim, 1, 1], axis=-1)
        alpha = _SMALLEST_RADIUS + softplus(alpha[..., 0])
        lowest = (
            _SMALLEST_SLOPE ** (1 / self.num_flows) - 1.0
        )  # of beta / alpha, which is 0 where the raw number is
        ratio = lowest + softplus(beta[..., 0] + math.log(math.expm1(-lowest)))
        return {"center": center, "alpha": alpha, "beta": alpha * ratio}

    def step(self, z: Tensor, center: Tensor, alpha: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
        """Return f(z) and log |det f'(z)|."""
        away = z - center
        radius = _length(away)
        moved = center + away * (1.0 + beta / (alpha + radius))[..., tf.newaxis]
        return moved, self._log_det(radius, alpha, beta)

    def step_back(self, z: Tensor, center: Tensor, alpha: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
        """Return the point that the step takes to z, and log |det f'| there."""
        away = z - center
        radius = _start_radius(_length(away), alpha, beta)
        start = center + away / (1.0 + beta / (alpha + radius))[..., tf.newaxis]
        return start, self._log_det(radius, alpha, beta)

    def _log_det(self, radius: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        across = tf.math.log1p(beta / (alpha + radius))
        along = tf.math.log1p(alpha * beta / tf.square(alpha + radius))
        return (self.latent_dim - 1) * across + along


def _length(vector: Tensor) -> Tensor:
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(vector), -1), 1e-12))  # has a gradient at 0


def _start_radius(reached: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Return the positive root, in whichever of its two forms does not cancel."""
    linear = alpha + beta - reached
    root = tf.sqrt(tf.square(linear) + 4.0 * alpha * reached)
    growing = linear > 0.0
    return tf.where(
        growing, 2.0 * alpha * reached / (root + tf.where(growing, linear, 0.0)), 0.5 * (root - linear)
    )
