"""Recipes with a critic: of latent points against the prior, or of data against samples."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Makhzani et al. 2016", "section 2")
def aae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 1.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Adversarial autoencoder: loss = distortion - weight log D(f(x)), D a critic that tells f(x) from p(z).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        weight: weight of the adversarial term.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Makhzani et al. 2016, section 2.

    Example:
        >>> aae((30,)).has_density
        False
    """
    objective = tfvae.objectives.AdversarialAutoencoder(weight)
    posterior = tfvae.posteriors.Point(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Larsen et al. 2016", "equations 7 and 8")
def vae_gan(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    weight: float = 1.0,
    distortion: float = 1.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE-GAN: the distortion measured in the features of a critic, which also tells data from samples.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        weight: weight of the adversarial term.
        distortion: weight of -E_q log p(x|z) beside the error of the features, which makes early training
            stable; 0 in the paper.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Larsen et al. 2016, equations 7 and 8.

    Example:
        >>> "critic_loss" in vae_gan((30,)).objective.terms
        True
    """
    objective = tfvae.objectives.VAEGAN(weight, distortion_weight=distortion)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
