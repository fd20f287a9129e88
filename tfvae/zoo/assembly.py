"""What a recipe leaves open, filled in from the shape of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae

if TYPE_CHECKING:
    import keras


def assemble(
    shape: tuple[int, ...],
    posterior: tfvae.posteriors.Posterior,
    likelihood: tfvae.likelihoods.Likelihood | None,
    encoder: keras.Layer | None,
    decoder: keras.Layer | None,
    prior: tfvae.priors.Prior | None = None,
    objective: tfvae.objectives.Objective | None = None,
) -> tfvae.VAE:
    """Return the VAE of these parts; images have convolutions and Bernoulli pixels by default.

    Example:
        >>> vae = assemble((8, 8, 1), tfvae.posteriors.Normal(2), None, None, None)
        >>> type(vae.likelihood).__name__
        'Bernoulli'
    """
    encoder, decoder, likelihood = filled(shape, encoder, decoder, likelihood)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, prior, objective)


def filled(
    shape: tuple[int, ...],
    encoder: keras.Layer | None,
    decoder: keras.Layer | None,
    likelihood: tfvae.likelihoods.Likelihood | None,
) -> tuple[keras.Layer, keras.Layer, tfvae.likelihoods.Likelihood]:
    """Return both networks and the likelihood, with the usual ones for the shape in the place of None.

    Example:
        >>> type(filled((30,), None, None, None)[2]).__name__
        'Normal'
    """
    image = len(shape) == 3
    networks, likelihoods = tfvae.networks, tfvae.likelihoods
    if encoder is None:
        encoder = networks.conv() if image else networks.mlp()
    if decoder is None:
        decoder = networks.deconv(shape) if image else networks.mlp()
    if likelihood is None:
        likelihood = likelihoods.Bernoulli(shape) if image else likelihoods.Normal(shape)
    return encoder, decoder, likelihood
