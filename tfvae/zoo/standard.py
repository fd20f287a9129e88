"""Recipes for the VAE as published, and with KL warm-up."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Kingma and Welling 2014", "equation 3")
def vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    free_bits: float = 0.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Variational autoencoder: loss = -E_q log p(x|z) + KL(q(z|x) || p(z)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        free_bits: nats of each latent dimension's KL divergence that cost nothing.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> vae((8, 8, 1), latent_dim=4).sample(3).shape
        (3, 8, 8, 1)
    """
    objective = tfvae.objectives.ELBO(free_bits=free_bits)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Bowman et al. 2016", "section 3.1")
def annealed_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    warmup_steps: int = 1000,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE with KL warm-up: loss = -E_q log p(x|z) + min(step / warmup_steps, 1) KL(q(z|x) || p(z)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Bowman et al. 2016, section 3.1; Sonderby et al. 2016, equation 18.

    Example:
        >>> annealed_vae((30,), warmup_steps=10).objective.beta.steps
        10
    """
    objective = annealed_elbo(warmup_steps)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
