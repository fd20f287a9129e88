"""The chains of annealed importance sampling, forward from the prior and in reverse from the posterior."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import in_batches
from tfvae.core.noise import as_seed
from tfvae.core.tracing import without_retracing_hints
from tfvae.core.types import Array, ArrayLike, Inputs, Tensor, Tensors
from tfvae.evaluation.tempered import TemperedPoint, TemperedPosterior
from tfvae.models import VAE

_TARGET = 0.65  # acceptance
_GAIN = 0.3  # of the logarithm of the step size, for each unit of acceptance above the target
_PILOT_CHAINS = 16
_PILOT_TRANSITIONS = 200  # at least, over all temperatures
_STEEPNESS = 4.0  # of the sigmoidal schedule


class AnnealedChains:
    """The chains of one call; each draw depends on seed, temperature, example and chain alone."""

    def __init__(
        self,
        model: VAE,
        num_chains: int,
        num_temperatures: int,
        num_leapfrog: int,
        seed: int,
        decoded_at_once: int,
    ) -> None:
        _check(model)
        self.model = model
        self.num_chains = integer("num_chains", num_chains)
        self.num_leapfrog = integer("num_leapfrog", num_leapfrog)
        self.betas = _schedule(integer("num_temperatures", num_temperatures))
        self.decoded_at_once = integer("decoded_at_once", decoded_at_once)
        self.pilot_seed, self.prior_seed, self.forward_seed, self.reverse_seed = tf.unstack(
            tf.random.experimental.stateless_split(as_seed(seed), 4)
        )
        self._pilot = tf.function(self._step_sizes, autograph=False)
        self._start = tf.function(self._prior_points, autograph=False)
        self._walk = tf.function(self._log_weights, autograph=False)

    def forward(self, inputs: Inputs) -> tuple[Array, Array]:
        """Return log w and the acceptance, [K, N], of chains from the prior."""
        increments, betas = np.diff(self.betas), self.betas[1:-1]

        def walked(batch: Tensors, rows: Tensor) -> tuple[Array, Array]:
            steps = self._pilot(batch, rows)
            z = self._start(batch, rows, self.prior_seed)
            return self._in_chunks(batch, rows, z, (increments, betas, steps, self.forward_seed))

        return self._in_batches(self.model.checked(inputs), walked)

    def reverse(self, inputs: Inputs, z: ArrayLike) -> tuple[Array, Array]:
        """Return log w and the acceptance, [K, N], of chains from the posterior."""
        increments, betas = np.diff(self.betas)[::-1], self.betas[1:-1][::-1]
        tensors = self.model.checked(inputs)
        points = self._checked_points(z, int(tensors["x"].shape[0]))

        def walked(batch: Tensors, rows: Tensor) -> tuple[Array, Array]:
            steps = tf.reverse(self._pilot(batch, rows), [0])
            start = tf.gather(points, rows, axis=1)
            return self._in_chunks(batch, rows, start, (increments, betas, steps, self.reverse_seed))

        return self._in_batches(tensors, walked)

    def _in_batches(
        self, inputs: Tensors, function: Callable[[Tensors, Tensor], tuple[Array, Array]]
    ) -> tuple[Array, Array]:
        size = max(1, self.decoded_at_once // self.num_chains)
        parts = []
        with without_retracing_hints():
            for batch in in_batches({**inputs, "": tf.range(inputs["x"].shape[0])}, size):
                rows = batch.pop("")
                parts.append(function(batch, rows))
        log_weights, acceptance = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
        return log_weights, acceptance

    def _in_chunks(self, inputs: Tensors, rows: Tensor, z: Tensor, arguments: tuple) -> tuple[Array, Array]:
        parts = []
        for first in range(0, self.num_chains, self.decoded_at_once):
            chunk = z[first : first + self.decoded_at_once]
            walked = self._walk(inputs, rows, chunk, tf.constant(first), *map(tf.constant, arguments))
            parts.append([each.numpy() for each in walked])
        log_weights, acceptance = (np.concatenate(each) for each in zip(*parts, strict=True))
        return log_weights, acceptance

    # In a graph.

    def _prior_points(self, inputs: Tensors, rows: Tensor, seed: Tensor) -> Tensor:
        """Return z_0 ~ p(z) of all chains, [K, b, latent_dim]."""
        shape = (self.num_chains, self.model.prior_noise_dim)
        noise = _by_row(functools.partial(tf.random.stateless_normal, shape), seed, rows)
        given = {name: _repeated(value, self.num_chains) for name, value in self.model.given(inputs).items()}
        z = self.model.prior_draw(tf.reshape(noise, (-1, shape[1])), given)
        return tf.reshape(z, (self.num_chains, *rows.shape, self.model.latent_dim))

    def _step_sizes(self, inputs: Tensors, rows: Tensor) -> Tensor:
        """Return the step sizes of all transitions, [T - 1, b], by a run of a few chains that adapts them."""
        chains = min(self.num_chains, _PILOT_CHAINS)
        start_seed, seed = tf.unstack(tf.random.experimental.stateless_split(self.pilot_seed, 2))
        betas = tf.constant(self.betas[1:-1], tf.float32)
        posterior = self._posterior(inputs)
        num_transitions = len(self.betas) - 2
        repeats = -(-_PILOT_TRANSITIONS // (num_transitions + 1))  # at each temperature

        def body(i: Tensor, point: TemperedPoint, step: Tensor, steps: tf.TensorArray) -> tuple:
            noise = self._transition_noise(seed, i, rows, 0, chains)
            t = i // repeats
            point, acceptance = posterior.transition(
                point, betas[t], _on_grid(step), self.num_leapfrog, *noise
            )
            step *= tf.exp(_GAIN * (tf.reduce_mean(acceptance, axis=0) - _TARGET))
            return i + 1, point, step, steps.write(t, _on_grid(step))

        start = posterior.at(self._prior_points(inputs, rows, start_seed)[:chains])
        first_step = tf.fill(rows.shape, float(self.model.latent_dim) ** -0.25)
        array = tf.TensorArray(tf.float32, size=num_transitions, element_shape=rows.shape)
        state = (tf.constant(0), start, first_step, array)
        return tf.while_loop(lambda i, *_: i < repeats * num_transitions, body, state)[-1].stack()

    def _log_weights(
        self,
        inputs: Tensors,
        rows: Tensor,
        z: Tensor,
        first_chain: Tensor,
        increments: Tensor,
        betas: Tensor,
        steps: Tensor,
        seed: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return log w and the mean acceptance, [S, b], of chains at z [S, b, D] through all temperatures."""
        num_transitions, betas = betas.shape[0], tf.cast(betas, tf.float32)
        posterior = self._posterior(inputs)

        def body(t: Tensor, point: TemperedPoint, log_w: Tensor, accepted: Tensor) -> tuple:
            log_w += increments[t] * tf.cast(point.log_x, tf.float64)
            noise = self._transition_noise(seed, t, rows, first_chain, z.shape[0])
            point, acceptance = posterior.transition(point, betas[t], steps[t], self.num_leapfrog, *noise)
            return t + 1, point, log_w, accepted + acceptance

        state = (tf.constant(0), posterior.at(z), tf.zeros(z.shape[:2], tf.float64), tf.zeros(z.shape[:2]))
        _, end, log_w, accepted = tf.while_loop(lambda t, *_: t < num_transitions, body, state)
        return (
            log_w + increments[-1] * tf.cast(end.log_x, tf.float64),
            accepted / num_transitions if num_transitions else tf.fill(z.shape[:2], np.nan),
        )

    def _posterior(self, inputs: Tensors) -> TemperedPosterior:
        return TemperedPosterior(self.model, self.model.draw_trace(inputs, 1, self.pilot_seed))

    def _transition_noise(
        self, seed: Tensor, number: Tensor, rows: Tensor, first_chain: Tensor | int, chains: int
    ) -> tuple[Tensor, Tensor]:
        """Return a standard normal momentum [chains, b, D] and a uniform number [chains, b]."""
        transition_seed = tf.random.experimental.stateless_fold_in(seed, number)

        def draw(row_seed: Tensor) -> tuple[Tensor, Tensor]:
            momentum_seed, accept_seed = tf.unstack(tf.random.experimental.stateless_split(row_seed, 2))
            momentum = tf.random.stateless_normal((self.num_chains, self.model.latent_dim), momentum_seed)
            uniform = tf.random.stateless_uniform((self.num_chains,), accept_seed)
            last = first_chain + chains
            return momentum[first_chain:last], uniform[first_chain:last]

        momentum, uniform = _by_row(draw, transition_seed, rows)
        shape = (chains, *rows.shape)
        return tf.ensure_shape(momentum, (*shape, self.model.latent_dim)), tf.ensure_shape(uniform, shape)

    def _checked_points(self, z: ArrayLike, count: int) -> Tensor:
        points = tf.cast(z, tf.float32)
        whole = (self.num_chains, count, self.model.latent_dim)
        if tuple(points.shape) not in (whole, whole[1:]):
            raise InvalidInput("z", f"shape {whole[1:]} or {whole}", tuple(points.shape))
        if not np.isfinite(points.numpy()).all():
            raise InvalidInput("z", "finite numbers", "NaN or infinite values")
        return tf.broadcast_to(points, whole)


def _on_grid(step: Tensor) -> Tensor:
    """Return the nearest power of 2^(1/8), so that the chains do not amplify rounding of the step size."""
    return tf.pow(2.0, tf.round(8 * tf.math.log(step) / math.log(2)) / 8)


def _by_row(draw: Callable[[Tensor], Any], seed: Tensor, rows: Tensor) -> Any:
    """Return draw(row's own seed), [K, ...], of each example, [K, b, ...], whatever others it is with."""
    like = tf.nest.map_structure(lambda _: tf.float32, draw(seed))
    each = tf.map_fn(
        lambda row: draw(tf.random.experimental.stateless_fold_in(seed, row)),
        rows,
        fn_output_signature=like,
    )
    return tf.nest.map_structure(lambda value: tf.experimental.numpy.swapaxes(value, 0, 1), each)


def _repeated(value: Tensor, times: int) -> Tensor:
    """Return `times` copies of rows [b, ...] one after another, [times b, ...]."""
    return tf.tile(value, (times, *(1 for _ in value.shape[1:])))


def _schedule(num_temperatures: int) -> Array:
    """Return beta_0 = 0 to beta_T = 1, [T + 1]."""
    s = 1 / (1 + np.exp(-_STEEPNESS * np.linspace(-1, 1, num_temperatures + 1)))
    return (s - s[0]) / (s[-1] - s[0])


def _check(model: VAE) -> None:
    if not isinstance(model, VAE):
        raise InvalidInput("model", "a VAE, with one latent variable z", type(model).__name__)
    if model.space != "real":
        raise InvalidInput("model", "one with a real latent space", f"one whose z lies in {model.space!r}")
    if not model.has_density:
        raise InvalidInput("model", "one whose q(z|x) has a density", type(model.posterior).__name__)
