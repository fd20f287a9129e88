"""Recipes with several layers of latent variables."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.assembly import open_choices

if TYPE_CHECKING:
    import keras


def hierarchical_vae(
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...] = (16, 8),
    hidden: int = 128,
    warmup_steps: int = 1000,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.models.HierarchicalVAE:
    """VAE with layers z_1..z_L, inferred from the bottom up: q(z|x) = q(z_1|x) q(z_2|z_1) ... q(z_L|z_{L-1}).

    The upper layers are hardly used where there are more than two; `ladder_vae` has them used.

    Args as in `vae`, and
        latent_dims: size of each layer, the one next to x first.
        hidden: units of the network between two layers, one for each way.
        warmup_steps: optimizer steps over which the rate's weight is raised from 0 to 1.

    Source: Kingma and Welling 2014, stacked as in Sonderby et al. 2016.

    Example:
        >>> hierarchical_vae((30,), latent_dims=(4, 2)).layer_dims
        (4, 2)
    """
    return _model(
        tfvae.models.BottomUp, shape, latent_dims, hidden, warmup_steps, likelihood, encoder, decoder
    )


def ladder_vae(
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...] = (16, 8),
    hidden: int = 128,
    warmup_steps: int = 1000,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.models.HierarchicalVAE:
    """Ladder VAE: layers z_1..z_L, inferred from the top down, where q of each is merged with p.

    Without the paper's batch normalisation.

    Args as in `hierarchical_vae`.

    Source: Sonderby et al. 2016.

    Example:
        >>> ladder_vae((30,), latent_dims=(4, 3, 2)).layer_dims
        (4, 3, 2)
    """
    return _model(tfvae.models.Ladder, shape, latent_dims, hidden, warmup_steps, likelihood, encoder, decoder)


def _model(
    inference: type[tfvae.models.Inference],
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...],
    hidden: int,
    warmup_steps: int,
    likelihood: tfvae.likelihoods.Likelihood | None,
    encoder: keras.Layer | None,
    decoder: keras.Layer | None,
) -> tfvae.models.HierarchicalVAE:
    networks, priors = tfvae.networks, tfvae.priors
    first, decoder, likelihood = open_choices(shape, encoder, decoder, likelihood)
    upper = [networks.mlp((hidden,)) for _ in latent_dims[1:]]
    levels = [
        priors.Conditional(dim, networks.mlp((hidden,)), above)
        for dim, above in itertools.pairwise(latent_dims)
    ]
    return tfvae.models.HierarchicalVAE(
        inference([first, *upper], [tfvae.posteriors.Normal(dim) for dim in latent_dims]),
        tfvae.models.Chain([*levels, priors.StandardNormal(latent_dims[-1])]),
        decoder,
        likelihood,
        tfvae.objectives.ELBO(beta=tfvae.schedules.Linear(0.0, 1.0, warmup_steps)),
    )
