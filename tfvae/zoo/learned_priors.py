"""Recipes whose prior is learned."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Jiang et al. 2017", "equations 1 to 6")
def mixture_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_components: int = 10,
    warmup_steps: int = 0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE with a learned mixture of Gaussians as prior, which clusters the data (VaDE).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_components: number of components, the clusters.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; it keeps prior and
            posterior from meeting before the decoder uses z, which costs most in short trainings.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Jiang et al. 2017, equations 1 to 6; the warm-up: Sonderby et al. 2016, equation 18.

    Example:
        >>> mixture_vae((30,), latent_dim=2).prior.predict_cluster([[0.0, 1.0]]).shape
        TensorShape([1])
    """
    prior = tfvae.priors.Mixture(latent_dim, num_components)
    objective = annealed_elbo(warmup_steps)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)


@Recipe("Tomczak and Welling 2018", "equation 9")
def vamp_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_components: int = 100,
    warmup_steps: int = 0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE with a VampPrior: p(z) = (1/K) sum_k q(z|u_k), the u_k learned pseudo-inputs.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_components: K, number of pseudo-inputs.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; it keeps prior and
            posterior from meeting before the decoder uses z, which costs most in short trainings.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Tomczak and Welling 2018, equation 9; the warm-up: Sonderby et al. 2016, equation 18.

    Example:
        >>> vamp_vae((30,), num_components=5).prior.num_components
        5
    """
    prior = tfvae.priors.VampPrior(latent_dim, num_components)
    objective = annealed_elbo(warmup_steps)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)


@Recipe("Dinh et al. 2017", "equations 2 to 8")
def flow_prior_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_layers: int = 4,
    warmup_steps: int = 0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE with a flow as prior: z = g(u), u ~ N(0, I), g a RealNVP.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_layers: number of coupling layers.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; it keeps prior and
            posterior from meeting before the decoder uses z, which costs most in short trainings.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Dinh et al. 2017, equations 2 to 8; as a prior: Chen et al. 2017, section 3; the warm-up: Sonderby
    et al. 2016, equation 18.

    Example:
        >>> flow_prior_vae((30,), num_layers=2).sample(3).shape
        (3, 30)
    """
    prior = tfvae.priors.Flow(latent_dim, tfvae.flows.RealNVP(latent_dim, num_layers))
    objective = annealed_elbo(warmup_steps)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)
