"""Recipes trained on the evidence lower bound, with the rate weighted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, assemble

if TYPE_CHECKING:
    import keras


def vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    free_bits: float = 0.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Variational autoencoder: loss = -E_q log p(x|z) + KL(q(z|x) || p(z)).

    Args:
        shape: shape of one example.
        latent_dim: number of latent dimensions.
        free_bits: nats per latent dimension that cost nothing.
        likelihood: p(x|z); None is Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None is convolutional for images, else an MLP.
        decoder: network from z to features; None is the encoder's mirror image.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> vae((8, 8, 1), latent_dim=4).sample(3).shape
        (3, 8, 8, 1)
    """
    objective = tfvae.objectives.ELBO(free_bits=free_bits)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def beta_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    beta: float = 4.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """beta-VAE: loss = -E_q log p(x|z) + beta KL(q(z|x) || p(z)).

    Args as in `vae`, and
        beta: weight of the rate; above 1 it presses toward few, independent latent dimensions.

    Source: Higgins et al. 2017, equation 4.

    Example:
        >>> beta_vae((30,), latent_dim=4, beta=2.0).objective.beta.value
        2.0
    """
    objective = tfvae.objectives.ELBO(beta=beta)
    return assemble(
        shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder, objective=objective
    )


def annealed_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    warmup_steps: int = 1000,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE with the rate's weight raised from 0 to 1 over the first `warmup_steps` steps.

    Args as in `vae`, and
        warmup_steps: optimizer steps until the loss is the negative ELBO.

    Source: Bowman et al. 2016, section 3.1; Sonderby et al. 2016, equation 18.

    Example:
        >>> annealed_vae((30,), warmup_steps=10).objective.beta.steps
        10
    """
    objective, posterior = annealed_elbo(warmup_steps), tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


def linear_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
) -> tfvae.VAE:
    """Linear VAE: x = W z + b + s noise, whose optimum is probabilistic PCA.

    Args as in `vae`.

    Source: Lucas et al. 2019, equation 5; Tipping and Bishop 1999, section 3.

    Example:
        >>> len(linear_vae((30,), latent_dim=2).decoder.weights)
        0
    """
    encoder, decoder = tfvae.networks.linear(), tfvae.networks.linear()
    likelihood = tfvae.likelihoods.Normal(shape)
    return assemble(shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder)


def sigma_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """sigma-VAE: a normal likelihood whose scale is that of the reconstruction errors; no beta to choose.

    Args as in `vae`.

    Source: Rybkin et al. 2021, section 3, equation 5.

    Example:
        >>> type(sigma_vae((30,)).likelihood.scale).__name__
        'Optimal'
    """
    likelihood = tfvae.likelihoods.Normal(shape, tfvae.scales.Optimal())
    return assemble(shape, tfvae.posteriors.Normal(latent_dim), likelihood, encoder, decoder)


def geco_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    tolerance: float = 0.1,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """GECO: the least rate at which reconstructions have a root mean square error of `tolerance`.

    Args as in `vae`, and
        tolerance: root mean square error per element, in the units of x.

    Source: Rezende and Viola 2018, section 2.2 and algorithm 1.

    Example:
        >>> geco_vae((30,), tolerance=0.2).objective.tolerance
        0.2
    """
    objective, posterior = tfvae.objectives.GECO(tolerance), tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
