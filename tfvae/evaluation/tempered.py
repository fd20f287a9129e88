"""The posterior at a temperature, p(z) p(x|z)^beta, and Hamiltonian transitions that leave it unchanged."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import Tensor
from tfvae.models import VAE


class TemperedPoint(NamedTuple):
    """Latent points and what is known there, for every beta.

    Attributes:
        z: the points, [S, B, latent_dim].
        log_p: log p(z), [S, B].
        log_x: log p(x|z), [S, B].
        prior_force: gradient of log p(z), [S, B, latent_dim].
        data_force: gradient of log p(x|z), [S, B, latent_dim].
    """

    z: Tensor
    log_p: Tensor
    log_x: Tensor
    prior_force: Tensor
    data_force: Tensor

    def log_density(self, beta: Tensor) -> Tensor:
        """Return log p(z) + beta log p(x|z), [S, B]."""
        return self.log_p + beta * self.log_x

    def force(self, beta: Tensor) -> Tensor:
        """Return its gradient, [S, B, latent_dim]."""
        return self.prior_force + beta * self.data_force


@dataclasses.dataclass(frozen=True)
class TemperedPosterior:
    """The unnormalized densities p(z) p(x|z)^beta of the examples of a trace.

    Args:
        model: the VAE.
        trace: a trace of it, with the examples.

    Source: Neal 2001; Neal 2011 (Hamiltonian transitions).

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.linear_vae((4,), latent_dim=2)
        >>> posterior = TemperedPosterior(vae, vae.trace(tf.zeros((3, 4))))
        >>> start = posterior.at(tf.zeros((5, 3, 2)))
        >>> end, acceptance = posterior.transition(
        ...     start, tf.constant(0.5), tf.fill((3,), 0.1), 10, tf.ones((5, 3, 2)), tf.zeros((5, 3)))
        >>> end.z.shape, bool(tf.reduce_all(acceptance > 0.9))
        (TensorShape([5, 3, 2]), True)
    """

    model: VAE
    trace: Trace

    def at(self, z: Tensor) -> TemperedPoint:
        """Return densities and gradients at points z [S, B, latent_dim]."""
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(z)
            trace = self.model.retrace(self.trace, z, tf.zeros(z.shape[:2]))
            log_p, log_x = (tf.ensure_shape(each, z.shape[:2]) for each in (trace.log_p, trace.log_x))
        zero = tf.UnconnectedGradients.ZERO
        forces = (tape.gradient(each, z, unconnected_gradients=zero) for each in (log_p, log_x))
        return TemperedPoint(z, log_p, log_x, *forces)

    def transition(
        self,
        start: TemperedPoint,
        beta: Tensor,
        step: Tensor,
        num_leapfrog: int,
        momentum: Tensor,
        uniform: Tensor,
    ) -> tuple[TemperedPoint, Tensor]:
        """Return the next points, of leapfrog steps and Metropolis, and the acceptance probability, [S, B].

        `num_leapfrog` times  v += step/2 F(z);  z += step v;  v += step/2 F(z),  F the gradient
        acceptance = min(1, f(z_L) exp(-|v_L|^2 / 2) / (f(z_0) exp(-|v_0|^2 / 2))),  f = p(z) p(x|z)^beta

        Args:
            start: the points before.
            beta: a scalar from 0 to 1.
            step: step size of each example, [B].
            num_leapfrog: L, the number of leapfrog steps.
            momentum: v_0, standard normal, [S, B, latent_dim].
            uniform: uniform numbers between 0 and 1, [S, B]; a chain moves where below its acceptance.
        """
        step = step[:, tf.newaxis]

        def leapfrog(i: Tensor, point: TemperedPoint, speed: Tensor) -> tuple:
            speed += 0.5 * step * point.force(beta)
            point = self.at(point.z + step * speed)
            return i + 1, point, speed + 0.5 * step * point.force(beta)

        state = (tf.constant(0), start, momentum)
        _, end, speed = tf.while_loop(lambda i, *_: i < num_leapfrog, leapfrog, state)
        log_ratio = end.log_density(beta) - start.log_density(beta)
        log_ratio += 0.5 * tf.reduce_sum(tf.square(momentum) - tf.square(speed), axis=-1)
        acceptance = tf.where(tf.math.is_nan(log_ratio), 0.0, tf.exp(tf.minimum(log_ratio, 0.0)))
        moves = uniform < acceptance
        pairs = zip(end, start, strict=True)
        chosen = (
            tf.where(moves if new.shape.rank == 2 else moves[..., tf.newaxis], new, old) for new, old in pairs
        )
        return TemperedPoint(*chosen), acceptance
