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
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, prior, objective)


def annealed_elbo(steps: int) -> tfvae.objectives.ELBO:
    """Return the ELBO with the rate's weight raised from 0 to 1 over the first `steps` steps.

    Source: Bowman et al. 2016, section 3.1; Sonderby et al. 2016, equation 18.

    Example:
        >>> float(annealed_elbo(10).beta(5.0)), float(annealed_elbo(0).beta(0.0))
        (0.5, 1.0)
    """
    return tfvae.objectives.ELBO(beta=tfvae.schedules.Linear(0.0, 1.0, steps))


def default_parts(
    shape: tuple[int, ...],
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tuple[tfvae.likelihoods.Likelihood, keras.Layer, keras.Layer]:
    """Return likelihood, encoder and decoder, made for the shape of x where they are None.

    Example:
        >>> default_parts((30,))[1].name[:10]
        'sequential'
    """
    image = len(shape) == 3
    networks, likelihoods = tfvae.networks, tfvae.likelihoods
    if encoder is None:
        encoder = networks.conv() if image else networks.mlp()
    if decoder is None:
        decoder = networks.deconv(shape) if image else networks.mlp()
    if likelihood is None:
        likelihood = likelihoods.Bernoulli(shape) if image else likelihoods.Normal(shape)
    return likelihood, encoder, decoder
