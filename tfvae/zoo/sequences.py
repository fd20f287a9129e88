"""Recipes for sequences [T, ...], with NaN after the last step."""

import tfvae
from tfvae.zoo.recipe import DataKind, Recipe


@Recipe("Chung et al. 2015", "section 3", data=DataKind.SEQUENCES)
def vrnn(
    shape: tuple[int, ...],
    latent_dim: int = 8,
    units: int = 64,
    step_likelihood: "tfvae.likelihoods.Likelihood | None" = None,
) -> "tfvae.VRNN":
    """Variational recurrent network: a VAE at each step, with a learned prior given the steps before.

    Args:
        shape: (steps, ...) of the longest sequence.
        latent_dim: number of latent dimensions of each step.
        units: units of the recurrent cell and of the hidden layers.
        step_likelihood: p(x_t|z_t, h_t) of one step; None means a normal with one learned scale.

    Source: Chung et al. 2015, section 3.

    Example:
        >>> vrnn((5, 2), latent_dim=3).latent_dim
        15
    """
    networks, joined = tfvae.networks, tfvae.layers.ConcatenateCondition
    vae = tfvae.VAE(
        encoder=joined(networks.mlp((units,))),
        decoder=joined(networks.mlp((units,))),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=step_likelihood or tfvae.likelihoods.Normal(shape[1:]),
        prior=tfvae.priors.Conditional(latent_dim, networks.mlp((units,)), units),
        condition_dim=units,
    )
    return tfvae.VRNN(vae, joined(networks.mlp((units,))), shape[0])


@Recipe("Fabius and van Amersfoort 2015", data=DataKind.SEQUENCES)
def sequence_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    units: int = 64,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
) -> "tfvae.VAE":
    """VAE with one latent vector for a sequence, between a recurrent encoder and decoder.

    Args:
        shape: (steps, ...) of the longest sequence.
        latent_dim: number of latent dimensions.
        units: units of the recurrent networks.
        likelihood: p(x|z), with independent elements; None means a normal with one learned scale.

    Source: Fabius and van Amersfoort 2015.

    Example:
        >>> nan = float("nan")
        >>> sequence_vae((3, 1)).elbo([[[0.5], [0.2], [nan]]]).shape
        (1,)
    """
    networks, likelihoods = tfvae.networks, tfvae.likelihoods
    likelihood = likelihoods.Normal(shape) if likelihood is None else likelihood
    return tfvae.VAE(
        encoder=networks.recurrent(units),
        decoder=networks.recurrent_decoder(shape[0], units),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=likelihoods.Padded(likelihood),
    )
