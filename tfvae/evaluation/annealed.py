"""Annealed importance sampling of log p(x), forward from the prior and in reverse from the posterior."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

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


class AnnealedEstimate(NamedTuple):
    """Estimates of log p(x) by annealing, and how far they can be trusted.

    Attributes:
        log_likelihood: log p(x) of each example, [N] nats.
        standard_error: over the chains, by the delta method, [N] nats; NaN for one chain.
        effective_sample_size: number of equally weighted chains that would do as well, [N], from 1 to K.
        acceptance: mean acceptance probability of the transitions, [N]; NaN without any, for one temperature.
    """

    log_likelihood: np.ndarray
    standard_error: np.ndarray
    effective_sample_size: np.ndarray
    acceptance: np.ndarray


def annealed_importance_sampling(
    model: VAE,
    inputs: Inputs,
    num_chains: int = 16,
    num_temperatures: int = 1000,
    num_leapfrog: int = 10,
    seed: int = 0,
    decoded_at_once: int = 16384,
) -> AnnealedEstimate:
    """Estimate log p(x) of each example by annealing from the prior; a lower bound in expectation.

    log p(x) ~ log((1/K) sum_k w_k),  log w_k = sum_t (beta_t - beta_(t-1)) log p(x|z_(t-1)),  t = 1..T
    z_0 ~ p(z),  z_t ~ Hamiltonian transition that leaves p(z) p(x|z)^beta_t unchanged
    beta_t = (s(t) - s(0)) / (s(T) - s(0)),  s(t) = sigmoid(4 (2 t/T - 1))

    Unlike in importance sampling, q(z|x) has no effect on the estimate. A transition has
    `num_leapfrog` leapfrog steps with momentum N(0, I), accepted by Metropolis. The step size of each example
    and temperature is adapted to an acceptance of 0.65 by a pilot run of up to 16 chains and then fixed, as
    chains that adapt their own steps have biased weights. With one temperature this is simple Monte Carlo
    over draws from the prior. Each chain takes (T - 1) `num_leapfrog` gradients of the decoder, and so does
    each chain of the pilot run, which has at least about 200 transitions.

    A warning tells how many examples have an effective sample size below max(10, K/100), or K/2 if that is
    smaller: such estimates depend on a few chains, and their errors are larger than stated.

    Args:
        model: a VAE with a real latent space.
        inputs: data [N, *event], or the model's inputs by name.
        num_chains: K, the number of chains for each example.
        num_temperatures: T, the number of steps from the prior to the posterior.
        num_leapfrog: number of leapfrog steps of a transition.
        seed: seed of all draws; the same seed gives the same estimates.
        decoded_at_once: number of latent points decoded at once, at least 16 in the pilot run; the memory
            needed is proportional to it. The draws do not depend on it, but the decoder's rounding does,
            which chains with several modes can amplify to differences within the standard error.

    Returns:
        The estimates, their standard errors, effective sample sizes and acceptance, each [N].

    Raises:
        InvalidInput: for another model, and numbers below 1.

    Source: Neal 2001 (annealed importance sampling); Wu et al. 2017 (its use for decoders).

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.linear_vae((4,), latent_dim=2)
        >>> estimate = annealed_importance_sampling(vae, np.zeros((3, 4)), num_temperatures=20)
        >>> estimate.log_likelihood.shape, bool((estimate.standard_error < 0.5).all())
        ((3,), True)
    """
    annealing = _Annealing(model, num_chains, num_temperatures, num_leapfrog, seed, decoded_at_once)
    return _estimate(*annealing.forward(inputs), sign=1)


def reverse_annealed_importance_sampling(
    model: VAE,
    inputs: Inputs,
    z: ArrayLike,
    num_chains: int = 16,
    num_temperatures: int = 1000,
    num_leapfrog: int = 10,
    seed: int = 0,
    decoded_at_once: int = 16384,
) -> AnnealedEstimate:
    """Estimate log p(x) of each example by annealing from its posterior; an upper bound in expectation.

    log p(x) ~ -log((1/K) sum_k 1/w_k),  log w_k = sum_t (beta_t - beta_(t-1)) log p(x|z_(t-1)),  t = T..1
    z_(T-1) ~ p(z|x),  z_(t-1) ~ Hamiltonian transition that leaves p(z) p(x|z)^beta_t unchanged, from z_t

    Schedule, transitions and step sizes are those of `annealed_importance_sampling` with the same arguments,
    so that both bracket log p(x) (bidirectional Monte Carlo). z must be exact draws from p(z|x), which exist
    for data simulated from the model: z ~ p(z), then x ~ p(x|z). For other z it is no upper bound.

    Args:
        model: a VAE with a real latent space.
        inputs: data [N, *event], simulated from the model, or the model's inputs by name.
        z: the exact posterior draws, [N, latent_dim], at which all chains of an example start, or
            [K, N, latent_dim], one for each chain. With the former the standard error of an example is that
            of the transitions alone, and is too small.
        num_chains: K, the number of chains for each example.
        num_temperatures: T, the number of steps from the posterior to the prior.
        num_leapfrog: number of leapfrog steps of a transition.
        seed: seed of all draws; the same seed gives the same estimates.
        decoded_at_once: number of latent points decoded at once, at least 16 in the pilot run; the memory
            needed is proportional to it. The draws do not depend on it, but the decoder's rounding does,
            which chains with several modes can amplify to differences within the standard error.

    Returns:
        The estimates, their standard errors, effective sample sizes and acceptance, each [N].

    Raises:
        InvalidInput: for another model, numbers below 1, and z of another shape or not finite.

    Source: Grosse et al. 2015 (bidirectional Monte Carlo); Wu et al. 2017.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.linear_vae((4,), latent_dim=2)
        >>> z = np.random.default_rng(0).normal(size=(3, 2))
        >>> x = vae.decode(z).sample(seed=1)
        >>> upper = reverse_annealed_importance_sampling(vae, x, z, num_temperatures=20)
        >>> upper.log_likelihood.shape
        (3,)
    """
    annealing = _Annealing(model, num_chains, num_temperatures, num_leapfrog, seed, decoded_at_once)
    return _estimate(*annealing.reverse(inputs, z), sign=-1)


class _Annealing:
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


def _estimate(log_weights: Array, acceptance: Array, sign: int) -> AnnealedEstimate:
    """Return sign log mean w^sign over the chains, and its statistics."""
    chains, count = log_weights.shape
    powers = sign * log_weights
    total = np.logaddexp.reduce(powers, axis=0)
    with np.errstate(invalid="ignore"):  # of weights that are all 0
        size = np.exp(2 * total - np.logaddexp.reduce(2 * powers, axis=0))
        variance = np.maximum(chains / size - 1, 0)  # of w / mean(w)
    error = np.sqrt(variance / (chains - 1)) if chains > 1 else np.full(count, np.nan)
    least = min(chains / 2, max(10, chains / 100))
    few = int(np.sum(~(size >= least)))
    if few:
        warnings.warn(
            f"annealed importance sampling: {few} of {count} examples have an effective sample size below "
            f"{least:g} of {chains} chains; their estimates depend on a few chains and have larger errors "
            "than stated; use more temperatures or more chains",
            stacklevel=3,
        )
    return AnnealedEstimate(sign * (total - np.log(chains)), error, size, acceptance.mean(axis=0))


def _check(model: VAE) -> None:
    if not isinstance(model, VAE):
        raise InvalidInput("model", "a VAE, with one latent variable z", type(model).__name__)
    if model.space != "real":
        raise InvalidInput("model", "one with a real latent space", f"one whose z lies in {model.space!r}")
    if not model.has_density:
        raise InvalidInput("model", "one whose q(z|x) has a density", type(model.posterior).__name__)
