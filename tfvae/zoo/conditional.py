"""Recipes with a condition c beside x: three ways in which c can take part."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import default_parts
from tfvae.zoo.recipe import Labels, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Sohn et al. 2015", "section 4", labels=Labels.CONDITION)
def cvae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Conditional VAE: p(x|c) = E_p(z) p(x|z,c), with z independent of c.

    Inputs are {"x": x, "condition": c}, c [B, condition_dim], such as one-hot labels. As the decoder is given
    c, z need not repeat it and is left with the rest of what determines x.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        condition_dim: number of entries of c.
        latent_dim: number of latent dimensions.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from [x; c] to features; None means convolutional for images, else an MLP.
        decoder: network from [z; c] to features; None means the encoder's mirror image.

    Source: Sohn et al. 2015, section 4, with the prior made independent of the condition, as it allows;
    with classes as c: Kingma et al. 2014, equation 2.

    Example:
        >>> cvae((30,), condition_dim=3).sample(2, given={"condition": [[1, 0, 0], [0, 1, 0]]}).shape
        (2, 30)
    """
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    joined, posterior = tfvae.layers.ConcatenateCondition, tfvae.posteriors.Normal(latent_dim)
    encoder, decoder = joined(encoder), joined(decoder)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, condition_dim=condition_dim)


@Recipe("Sohn et al. 2015", "section 4", labels=Labels.CONDITION)
def conditional_prior_cvae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Conditional VAE with a prior network: p(x|c) = E_p(z|c) p(x|z,c).

    Inputs are {"x": x, "condition": c}, c [B, condition_dim], such as one-hot labels.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        condition_dim: number of entries of c.
        latent_dim: number of latent dimensions.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from [x; c] to features; None means convolutional for images, else an MLP.
        decoder: network from [z; c] to features; None means the encoder's mirror image.

    Source: Sohn et al. 2015, section 4.

    Example:
        >>> type(conditional_prior_cvae((30,), condition_dim=3).prior).__name__
        'Conditional'
    """
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    joined, posterior = tfvae.layers.ConcatenateCondition, tfvae.posteriors.Normal(latent_dim)
    encoder, decoder = joined(encoder), joined(decoder)
    prior = tfvae.priors.Conditional(latent_dim, tfvae.networks.mlp((64,)), condition_dim)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, prior, condition_dim=condition_dim)


@Recipe("Sohn et al. 2015", "section 4", labels=Labels.CONDITION)
def conditional_prior_vae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE in which only the prior depends on the condition: p(x|c) = E_p(z|c) p(x|z).

    Inputs are {"x": x, "condition": c}, c [B, condition_dim], such as one-hot labels. All information about c
    goes through z, so that each condition has a region of its own in the latent space.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        condition_dim: number of entries of c.
        latent_dim: number of latent dimensions.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from [x; c] to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Sohn et al. 2015, section 4, with p(x|z,c) = p(x|z).

    Example:
        >>> type(conditional_prior_vae((30,), condition_dim=3).decoder).__name__
        'IgnoreCondition'
    """
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    encoder = tfvae.layers.ConcatenateCondition(encoder)
    decoder, posterior = tfvae.layers.IgnoreCondition(decoder), tfvae.posteriors.Normal(latent_dim)
    prior = tfvae.priors.Conditional(latent_dim, tfvae.networks.mlp((64,)), condition_dim)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, prior, condition_dim=condition_dim)
