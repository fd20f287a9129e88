"""Annealed importance sampling of log p(x), forward from the prior and in reverse from the posterior."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from tfvae.core.types import Array, ArrayLike, Inputs
from tfvae.evaluation.annealed_chains import AnnealedChains
from tfvae.models import VAE


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
    chains = AnnealedChains(model, num_chains, num_temperatures, num_leapfrog, seed, decoded_at_once)
    return _estimate(*chains.forward(inputs), sign=1)


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
    chains = AnnealedChains(model, num_chains, num_temperatures, num_leapfrog, seed, decoded_at_once)
    return _estimate(*chains.reverse(inputs, z), sign=-1)


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
