"""Recipes whose posterior is not a diagonal Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble

if TYPE_CHECKING:
    import keras


def planar_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_flows: int = 8,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE whose posterior is a diagonal Gaussian sent through planar flows z + u tanh(w.z + b).

    Args as in `vae`, and
        num_flows: flows, one after the other.

    Source: Rezende and Mohamed 2015, equation 10.

    Example:
        >>> planar_vae((30,), num_flows=2).elbo([[0.0] * 30]).shape
        (1,)
    """
    return assemble(shape, tfvae.posteriors.Planar(latent_dim, num_flows), likelihood, encoder, decoder)


def iaf_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_flows: int = 2,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE whose posterior is a diagonal Gaussian sent through inverse autoregressive flows.

    Args as in `vae`, and
        num_flows: flows, one after the other, each in the reverse order of the one before.

    Source: Kingma et al. 2016, equations 10 to 14.

    Example:
        >>> iaf_vae((30,), num_flows=2).elbo([[0.0] * 30]).shape
        (1,)
    """
    return assemble(
        shape, tfvae.posteriors.InverseAutoregressive(latent_dim, num_flows), likelihood, encoder, decoder
    )


def hamiltonian_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_steps: int = 3,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE whose draws follow the gradient of log p(x, z) for some leapfrog steps.

    Args as in `vae`, and
        num_steps: leapfrog steps.

    Source: Salimans et al. 2015, section 4.

    Example:
        >>> hamiltonian_vae((30,), num_steps=1).elbo([[0.0] * 30]).shape
        (1,)
    """
    return assemble(shape, tfvae.posteriors.Hamiltonian(latent_dim, num_steps), likelihood, encoder, decoder)


def hyperspherical_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE on the unit sphere: power spherical posterior, uniform prior.

    Args as in `vae`.

    Source: Davidson et al. 2018, section 3; De Cao and Aziz 2020, section 2.

    Example:
        >>> hyperspherical_vae((30,), latent_dim=3).sample(2).shape
        (2, 30)
    """
    posterior, prior = tfvae.posteriors.PowerSpherical(latent_dim), tfvae.priors.SphereUniform(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior=prior)


def vq_vae(
    shape: tuple[int, ...],
    num_codes: int = 128,
    code_dim: int = 16,
    num_positions: int = 8,
    commitment: float = 0.25,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VQ-VAE: z is a row of codes, each the nearest of a codebook to the encoder's features.

    Args as in `vae`, and
        num_codes: rows of the codebook, learned by moving averages.
        code_dim: numbers in a code.
        num_positions: codes for an example.
        commitment: weight that keeps the features near their codes.

    Source: van den Oord et al. 2017, equations 1 to 3 and appendix A.1.

    Example:
        >>> vq_vae((30,), num_positions=2, code_dim=4).latent_dim
        8
    """
    posterior = tfvae.posteriors.VectorQuantizerEMA(num_codes, code_dim, num_positions)
    prior = tfvae.priors.UniformCodes(num_codes, code_dim, num_positions)
    objective = tfvae.objectives.VectorQuantization(commitment)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)


def discrete_vae(
    shape: tuple[int, ...],
    num_variables: int = 20,
    num_categories: int = 10,
    temperature: float = 0.67,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """VAE with categorical latent variables, drawn relaxed (Gumbel-softmax).

    Args as in `vae`, and
        num_variables: latent variables.
        num_categories: values of each.
        temperature: of posterior and prior; toward 0 the draws become one-hot.

    Source: Jang et al. 2017, equation 2; Maddison et al. 2017, section 3.

    Example:
        >>> discrete_vae((30,), num_variables=3, num_categories=4).latent_dim
        12
    """
    posterior = tfvae.posteriors.RelaxedOneHot(num_variables, num_categories, temperature)
    prior = tfvae.priors.RelaxedCategorical(num_variables, num_categories, temperature)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior)
