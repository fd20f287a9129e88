"""Recipes with a condition c beside x: three ways in which c can take part, and the identifiable one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import default_parts

if TYPE_CHECKING:
    import keras


def cvae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Conditional VAE: p(x|c) = E_p(z) p(x|z,c), with z independent of c.

    Inputs are {"x": x, "condition": c}, c [B, condition_dim], such as one-hot labels. What c says of x need
    not be in z, so that z is left with what c does not say.

    Args as in `vae`, and
        condition_dim: number of entries of c.
        encoder: network from [x; c] to features; None as in `vae`.
        decoder: network from [z; c] to features; None as in `vae`.

    Source: Sohn et al. 2015, section 4, with the prior made independent of the condition, as it allows;
    with classes as c: Kingma et al. 2014, equation 2.

    Example:
        >>> cvae((30,), condition_dim=3).sample(2, given={"condition": [[1, 0, 0], [0, 1, 0]]}).shape
        (2, 30)
    """
    joined = tfvae.layers.ConcatenateCondition
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    return tfvae.VAE(
        joined(encoder),
        joined(decoder),
        tfvae.posteriors.Normal(latent_dim),
        likelihood,
        condition_dim=condition_dim,
    )


def conditional_prior_cvae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Conditional VAE with a prior network: p(x|c) = E_p(z|c) p(x|z,c).

    Args as in `cvae`.

    Source: Sohn et al. 2015, section 4.

    Example:
        >>> type(conditional_prior_cvae((30,), condition_dim=3).prior).__name__
        'Conditional'
    """
    joined = tfvae.layers.ConcatenateCondition
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    return tfvae.VAE(
        joined(encoder),
        joined(decoder),
        tfvae.posteriors.Normal(latent_dim),
        likelihood,
        tfvae.priors.Conditional(latent_dim, tfvae.networks.mlp((64,)), condition_dim),
        condition_dim=condition_dim,
    )


def conditional_prior_vae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 16,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE whose prior alone depends on the condition: p(x|c) = E_p(z|c) p(x|z).

    All that c says of x goes through z, so that conditions take places of their own in the latent space.

    Args as in `cvae`, and
        decoder: network from z to features; None as in `vae`.

    Source: Sohn et al. 2015, section 4, with p(x|z,c) = p(x|z).

    Example:
        >>> z = conditional_prior_vae((30,), condition_dim=3)
        >>> type(z.decoder).__name__
        'IgnoreCondition'
    """
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    return tfvae.VAE(
        tfvae.layers.ConcatenateCondition(encoder),
        tfvae.layers.IgnoreCondition(decoder),
        tfvae.posteriors.Normal(latent_dim),
        likelihood,
        tfvae.priors.Conditional(latent_dim, tfvae.networks.mlp((64,)), condition_dim),
        condition_dim=condition_dim,
    )


def ivae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 2,
    layers: tuple[int, ...] = (50, 50),
    likelihood: tfvae.likelihoods.Likelihood | None = None,
) -> tfvae.VAE:
    """Identifiable VAE: p(x|u) = E_p(z|u) p(x|z), with p(z|u) normal and independent given u.

    p(z|u) = prod_j N(z_j; loc_j(u), scale_j(u)^2), an exponential family with sufficient statistics z_j and
    z_j^2. If the u are varied enough and x is an injective function of z with noise, the sources z that made
    the data are found up to order and a function of each. The condition u, such as a one-hot segment of a
    time series, stands under "condition". The rectifiers have a slope below 0, which keeps p(x|z) injective.

    Args as in `vae`, and
        condition_dim: number of entries of u.
        latent_dim: number of sources.
        layers: sizes of the hidden layers of each of the three networks.
        likelihood: p(x|z); None is a normal with one learned scale.

    Source: Khemakhem et al. 2020, equations 5 to 7.

    Example:
        >>> ivae((4,), condition_dim=3).encode({"x": [[0, 1, 2, 3]], "condition": [[0, 0, 1]]}).batch_shape
        TensorShape([1])
    """
    networks, conditioning = tfvae.networks, tfvae.layers.conditioning
    return tfvae.VAE(
        conditioning.ConcatenateCondition(networks.mlp(layers, "leaky_relu")),
        conditioning.IgnoreCondition(networks.mlp(layers, "leaky_relu")),
        tfvae.posteriors.Normal(latent_dim),
        tfvae.likelihoods.Normal(shape) if likelihood is None else likelihood,
        tfvae.priors.Conditional(latent_dim, networks.mlp(layers, "leaky_relu"), condition_dim),
        condition_dim=condition_dim,
    )
