"""Recipes whose objective is a bound of several draws from q(z|x) together."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Burda et al. 2016", "equation 8")
def iwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 50,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Importance-weighted autoencoder: loss = -E log((1/K) sum_k p(x, z_k) / q(z_k|x)).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_samples: K, draws for each example; more make the bound tighter and training slower.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Burda et al. 2016, equation 8.

    Example:
        >>> iwae((30,), num_samples=5).objective.num_samples
        5
    """
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Li and Turner 2016", "equation 8")
def renyi_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    alpha: float = 0.5,
    num_samples: int = 10,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Renyi VAE: loss = -log((1/K) sum_k w_k^(1 - alpha)) / (1 - alpha),  w = p(x, z) / q(z|x).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        alpha: order of the divergence; 1 is the ELBO, 0 the importance-weighted bound.
        num_samples: K, draws for each example.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Li and Turner 2016, equation 8.

    Example:
        >>> renyi_vae((30,), alpha=0.2).objective.alpha
        0.2
    """
    objective = tfvae.objectives.Renyi(alpha, num_samples)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
