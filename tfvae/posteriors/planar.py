"""The posterior of planar flows."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.heads import Head
from tfvae.core.numerics import bounded
from tfvae.core.types import Tensor, Tensors
from tfvae.posteriors.stepwise_flow import StepwiseFlowPosterior

_LARGEST_STRETCH = (
    1000.0  # of all steps together, and of their inverse; float32 can invert it to a few digits
)
_LARGEST = 10.0  # of the entries of u and w
_SMALLEST_SQUARE = 1e-6  # of w; a shorter w makes a step that is close to a shift
_HALVINGS = 40


class Planar(StepwiseFlowPosterior):
    """A diagonal Gaussian stretched and compressed along planes, by parameters from the network.

    f(z) = z + u tanh(w.z + b);  log |det f'| = log(1 + w.u (1 - tanh^2(w.z + b)))

    u is changed so that f is invertible, in float32 too. With s = w.u, the slope of f across the plane where
    it is steepest is 1 + s, which is kept between 1 / p and p, and |w| times the length of u across w below
    (p - 1) min(1, 1 + s), for p = 1000^(1 / num_flows): all steps together stretch and compress by a factor
    of about a thousand at most. Without such a bound a flow takes points to numbers so near each other that
    rounding mixes them, and its density there is off by any number of nats.

    The inverse is the root of a scalar increasing function, found by bisection.

    Args:
        latent_dim: number of latent dimensions.
        num_flows: number of steps.
        floor: smallest scale of the Gaussian.

    Source: Rezende and Mohamed 2015, equations 10 to 12 and appendix A.1 (invertible
    for s > -1).

    Example:
        >>> posterior = Planar(2, num_flows=4)
        >>> q = posterior.distribution(posterior(tf.ones([5, 3])))
        >>> q.log_prob(q.sample(7, seed=(1, 2))).shape
        TensorShape([7, 5])
    """

    step_names = ("u", "w", "b")

    def flow_head(self) -> Head:
        """Return the projection to u, w and b of each step."""
        return Head((self.num_flows,), 2 * self.latent_dim + 1, name="steps_head", dtype=self.dtype_policy)

    def flow_params(self, raw: Tensor) -> Tensors:
        """Return {"u", "w"}, each [B, num_flows, latent_dim], and {"b"}, [B, num_flows]."""
        u, w, b = tf.split(raw, [self.latent_dim, self.latent_dim, 1], axis=-1)
        u, w = bounded(u, _LARGEST), bounded(w, _LARGEST)
        square = tf.maximum(tf.reduce_sum(tf.square(w), -1, keepdims=True), _SMALLEST_SQUARE)
        raw_inner = tf.reduce_sum(u * w, -1, keepdims=True)
        largest = _LARGEST_STRETCH ** (1 / self.num_flows)
        inner = _bounded_inner(raw_inner, largest)
        across = u - raw_inner * w / square
        across -= tf.reduce_sum(across * w, -1, keepdims=True) * w / square  # what rounding left along w
        limit = (largest - 1.0) * tf.minimum(1.0, 1.0 + inner)  # of |w| |across|
        shear = square * tf.reduce_sum(tf.square(across), -1, keepdims=True)
        across *= tf.math.rsqrt(1.0 + shear / tf.square(limit))
        return {"u": across + inner * w / square, "w": w, "b": b[..., 0]}

    def step(self, z: Tensor, u: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Return f(z) and log |det f'(z)|."""
        bend = tf.tanh(tf.reduce_sum(w * z, -1) + b)
        log_det = tf.math.log1p(tf.reduce_sum(w * u, -1) * (1.0 - tf.square(bend)))
        return z + u * bend[..., tf.newaxis], log_det

    def step_back(self, z: Tensor, u: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Return the point that the step takes to z, and log |det f'| there."""
        inner = tf.reduce_sum(w * u, -1)
        bend = tf.tanh(_root(inner, tf.reduce_sum(w * z, -1) + b))
        return z - u * bend[..., tf.newaxis], tf.math.log1p(inner * (1.0 - tf.square(bend)))


def _bounded_inner(raw: Tensor, largest: float) -> Tensor:
    """Map the line to w.u between 1 / largest - 1 and largest - 1, smoothly and with slope 1 at 0."""
    above = bounded(tf.maximum(raw, 0.0), largest - 1.0)
    return above + tf.math.expm1(bounded(tf.minimum(raw, 0.0), math.log(largest)))


def _root(inner: Tensor, value: Tensor) -> Tensor:
    """Solve t + inner tanh(t) = value for t, with the gradients of the implicit function."""
    reach = tf.abs(inner) + tf.zeros_like(value)
    low, high = tf.stop_gradient(value - reach), tf.stop_gradient(value + reach)

    def halve(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        middle = 0.5 * (low + high)
        below = middle + inner * tf.tanh(middle) < value
        return tf.where(below, middle, low), tf.where(below, high, middle)

    low, high = tf.while_loop(lambda *_: True, halve, (low, high), maximum_iterations=_HALVINGS)
    root = tf.stop_gradient(0.5 * (low + high))
    # One Newton step from the root: it hardly moves, and carries dt/dvalue and dt/dinner.
    bend = tf.tanh(root)
    slope = tf.stop_gradient(1.0 + inner * (1.0 - tf.square(bend)))
    return root - (root + inner * bend - value) / slope
