"""Recipe for texts: token numbers [T], and NaN after the last one."""

import tfvae
from tfvae.zoo.default_parts import annealed_elbo
from tfvae.zoo.recipe import DataKind, Recipe


@Recipe("Bowman et al. 2016", "sections 3 and 3.1", data=DataKind.TEXTS)
def text_vae(
    shape: tuple[int],
    latent_dim: int = 16,
    num_tokens: int = 32,
    units: int = 64,
    word_dropout: float = 0.5,
    warmup_steps: int = 1000,
) -> "tfvae.VAE":
    """VAE of a text, with an autoregressive decoder; word dropout and KL warm-up against posterior collapse.

    Args:
        shape: (tokens,) of the longest text.
        latent_dim: number of latent dimensions.
        num_tokens: size of the vocabulary.
        units: units of the recurrent networks.
        word_dropout: fraction of the tokens that are hidden from the decoder in training.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1.

    Source: Bowman et al. 2016, sections 3 and 3.1.

    Example:
        >>> nan = float("nan")
        >>> text_vae((3,), num_tokens=5).elbo([[4.0, 2.0, nan]]).shape
        (1,)
    """
    return tfvae.VAE(
        encoder=tfvae.networks.recurrent(units),
        decoder=tfvae.networks.linear(),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=tfvae.likelihoods.AutoregressiveCategorical(
            shape, num_tokens, units, embedding_dim=units, dropout=word_dropout
        ),
        objective=annealed_elbo(warmup_steps),
    )
