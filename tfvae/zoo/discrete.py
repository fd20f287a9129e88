"""Recipe with categorical latent variables."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, assemble
from tfvae.zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Jang et al. 2017", "equation 2")
def discrete_vae(
    shape: tuple[int, ...],
    num_variables: int = 20,
    num_categories: int = 10,
    temperature: float = 0.67,
    warmup_steps: int = 5000,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VAE with categorical latent variables, in the Gumbel-softmax relaxation.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        num_variables: number of latent variables.
        num_categories: number of values of each.
        temperature: temperature of posterior and prior; toward 0 the draws become one-hot.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; without them the
            posterior collapses to the prior before the decoder has learned to read it.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: Jang et al. 2017, equation 2; Maddison et al. 2017, section 3.

    Example:
        >>> discrete_vae((30,), num_variables=3, num_categories=4).latent_dim
        12
    """
    posterior = tfvae.posteriors.RelaxedOneHot(num_variables, num_categories, temperature)
    prior = tfvae.priors.RelaxedCategorical(num_variables, num_categories, temperature)
    objective = annealed_elbo(warmup_steps)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)
