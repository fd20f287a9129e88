"""Recipes whose posterior is a diagonal Gaussian transformed by a normalizing flow."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Rezende and Mohamed 2015", "equation 10")
def planar_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_flows: int = 8,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE whose posterior is a diagonal Gaussian transformed by planar flows z + u tanh(w.z + b).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_flows: number of flows, one after the other.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Rezende and Mohamed 2015, equation 10.

    Example:
        >>> planar_vae((30,), num_flows=2).elbo([[0.0] * 30]).shape
        (1,)
    """
    return assemble(shape, tfvae.posteriors.Planar(latent_dim, num_flows), likelihood, encoder, decoder)


@Recipe("Kingma et al. 2016", "equations 10 to 14")
def iaf_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_flows: int = 2,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE whose posterior is a diagonal Gaussian transformed by inverse autoregressive flows.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_flows: number of flows, one after the other, each in the reverse order of the one before.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Kingma et al. 2016, equations 10 to 14.

    Example:
        >>> iaf_vae((30,), num_flows=2).elbo([[0.0] * 30]).shape
        (1,)
    """
    posterior = tfvae.posteriors.InverseAutoregressive(latent_dim, num_flows)
    return assemble(shape, posterior, likelihood, encoder, decoder)
