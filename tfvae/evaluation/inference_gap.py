"""The gap between log p(x) and the ELBO, split into the family's part and the encoder's part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import Array, ArrayLike, Inputs
from tfvae.evaluation.averages import Estimate, estimate_mean
from tfvae.evaluation.refinement import refine, refined_elbo
from tfvae.models import VAE


class InferenceGap(NamedTuple):
    """Means over examples and their standard errors, in nats.

    log p(x) - ELBO of the encoder = approximation gap + amortization gap

    Attributes:
        log_likelihood: log p(x), as given.
        refined_elbo: the ELBO of the refined q(z).
        encoder_elbo: the ELBO of the encoder's q(z|x).
        approximation_gap: log p(x) - ELBO of the refined q(z); what the family of q lacks.
        amortization_gap: ELBO of the refined q(z) - ELBO of the encoder's q(z|x); what the encoder lacks.
    """

    log_likelihood: Estimate
    refined_elbo: Estimate
    encoder_elbo: Estimate
    approximation_gap: Estimate
    amortization_gap: Estimate


def inference_gap(
    model: VAE,
    inputs: Inputs,
    log_likelihood: ArrayLike,
    num_steps: int = 200,
    learning_rate: float = 0.05,
    num_samples: int = 64,
    seed: int = 0,
    batch_size: int = 256,
) -> InferenceGap:
    """Return the approximation gap and the amortization gap, from q(z|x) refined for each example.

    log p(x) - ELBO(q) = (log p(x) - ELBO(q*)) + (ELBO(q*) - ELBO(q))

    with q the encoder's q(z|x) and q* = `refine` of it, the best q of the same family. As far as q* is not
    yet the best, the approximation gap is too large and the amortization gap too small by the same number.
    Both bounds are computed with the same draws, other than those of the refinement, so that the
    amortization gap can come out slightly below 0.

    Args:
        model: a VAE without a condition that `refine` takes.
        inputs: data [N, *event], or the model's inputs by name.
        log_likelihood: log p(x) of each example, [N] nats, of `annealed_importance_sampling`, or of the
            model's `log_likelihood`. As both are lower bounds in expectation, so is the approximation gap.
        num_steps: number of gradient steps of the refinement of each example.
        learning_rate: of the first of these steps; it decays to 0 along a cosine.
        num_samples: number of draws for each example with which the two bounds are computed.
        seed: seed of the draws.
        batch_size: number of examples refined and evaluated at once.

    Returns:
        Means over the examples of log p(x), both bounds and both gaps, each with its standard error.

    Raises:
        InvalidInput: for another model, a log-likelihood of another shape or with NaN or infinite values, and
            numbers below 1.

    Source: Cremer et al. 2018 (approximation gap and amortization gap).

    Example:
        >>> import tfvae
        >>> vae, x = tfvae.zoo.vae((4,), latent_dim=2), np.random.default_rng(0).random((3, 4))
        >>> gap = inference_gap(vae, x, vae.log_likelihood(x), num_steps=10)
        >>> whole = gap.log_likelihood.mean - gap.encoder_elbo.mean
        >>> abs(whole - gap.approximation_gap.mean - gap.amortization_gap.mean) < 1e-5
        True
    """
    if not isinstance(model, VAE):
        raise InvalidInput("model", "a VAE, with one latent variable z", type(model).__name__)
    if model.condition_dim:
        raise InvalidInput("model", "one without a condition", f"one of length {model.condition_dim}")
    integer("num_samples", num_samples)
    checked = model.checked(inputs)
    evidence = _checked_evidence(log_likelihood, int(checked["x"].shape[0]))
    features = refine(model, checked, num_steps, learning_rate, seed=seed, batch_size=batch_size).features
    refined = refined_elbo(model, checked, features, num_samples, seed + 1, batch_size).astype("float64")
    encoder = model.elbo(checked, num_samples, seed + 1, batch_size).astype("float64")  # the same draws
    values = (evidence, refined, encoder, evidence - refined, refined - encoder)
    return InferenceGap(*map(estimate_mean, values))


def _checked_evidence(log_likelihood: ArrayLike, count: int) -> Array:
    evidence = np.asarray(log_likelihood, "float64")
    if evidence.shape != (count,):
        raise InvalidInput("log_likelihood", f"shape ({count},), one for each example", evidence.shape)
    if not np.isfinite(evidence).all():
        raise InvalidInput("log_likelihood", "finite numbers", "NaN or infinite values")
    return evidence
