"""Recipes for rows with missing values, which are NaN."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Mattei and Frellsen 2019", "equation 4", data=DataKind.ROWS_WITH_MISSING_VALUES)
def miwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 20,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """MIWAE: the importance-weighted bound of the observed values, log p(x_obs); NaN is missing.

    The values are taken to be missing at random. The likelihood is a Student's t.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_samples: K, draws for each example.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Mattei and Frellsen 2019, equation 4.

    Example:
        >>> miwae((3,)).elbo([[0.0, float("nan"), 1.0]]).shape
        (1,)
    """
    likelihood = tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.StudentT(shape))
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)


@Recipe("Ipsen et al. 2021", "equation 4", data=DataKind.ROWS_WITH_MISSING_VALUES)
def not_miwae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    num_samples: int = 20,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """not-MIWAE: MIWAE for values missing not at random, with a model of which are missing; NaN is missing.

    That a value is missing depends on the value itself. The likelihood is a normal with one learned scale.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of latent dimensions.
        num_samples: K, draws for each example.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Ipsen et al. 2021, equation 4.

    Example:
        >>> not_miwae((3,)).elbo([[0.0, float("nan"), 1.0]]).shape
        (1,)
    """
    likelihood = tfvae.likelihoods.MissingNotAtRandom(tfvae.likelihoods.Normal(shape))
    objective = tfvae.objectives.ImportanceWeighted(num_samples)
    posterior = tfvae.posteriors.Normal(latent_dim)
    return assemble(shape, posterior, likelihood, encoder, decoder, objective=objective)
