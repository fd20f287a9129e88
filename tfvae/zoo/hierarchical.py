"""Recipes with several layers of latent variables."""

import itertools
from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import annealed_elbo, default_parts
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Kingma and Welling 2014")
def hierarchical_vae(
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...] = (16, 8),
    hidden: int = 128,
    warmup_steps: int = 1000,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.models.HierarchicalVAE":
    """VAE with layers z_1..z_L, inferred from the bottom up: q(z|x) = q(z_1|x) q(z_2|z_1) ... q(z_L|z_{L-1}).

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dims: number of latent dimensions of each layer, the one next to x first.
        hidden: units of the network between two layers, one for each direction.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; with learned priors
            between the layers, half of the training is not too long.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to the features of q(z_1|x); None means convolutional for images, else an MLP.
        decoder: network from z_1 to features; None means the encoder's mirror image.

    Source: Kingma and Welling 2014, stacked as in Sonderby et al. 2016.

    Example:
        >>> hierarchical_vae((30,), latent_dims=(4, 2)).layer_dims
        (4, 2)
    """
    inference = tfvae.models.BottomUpInference
    return _model(inference, shape, latent_dims, hidden, warmup_steps, likelihood, encoder, decoder)


@Recipe("Sonderby et al. 2016")
def ladder_vae(
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...] = (16, 8),
    hidden: int = 128,
    warmup_steps: int = 1000,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.models.HierarchicalVAE":
    """Ladder VAE: layers z_1..z_L, inferred from the top down, where q of each is merged with p.

    Without the paper's batch normalization.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dims: number of latent dimensions of each layer, the one next to x first.
        hidden: units of the network between two layers, one for each direction.
        warmup_steps: optimizer steps over which the weight of the rate rises from 0 to 1; with learned priors
            between the layers, half of the training is not too long.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to the first features, on the way up; None means convolutional for images,
            else an MLP.
        decoder: network from z_1 to features; None means the encoder's mirror image.

    Source: Sonderby et al. 2016.

    Example:
        >>> ladder_vae((30,), latent_dims=(4, 3, 2)).layer_dims
        (4, 3, 2)
    """
    inference = tfvae.models.LadderInference
    return _model(inference, shape, latent_dims, hidden, warmup_steps, likelihood, encoder, decoder)


@Recipe("Child 2021", data=DataKind.IMAGES)
def vdvae(
    shape: tuple[int, int, int],
    width: int = 32,
    z_channels: int = 4,
    factors: tuple[int, ...] = (2, 2),
    encoder_blocks: tuple[int, ...] = (1, 1, 1),
    decoder_blocks: tuple[int, ...] = (2, 2, 1),
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
) -> "tfvae.models.VDVAE":
    """Very deep VAE: convolutional layers z_1..z_L from coarse to fine, with q and p on one path down.

    Args:
        shape: (height, width, channels) of an image.
        width: channels of the features and of the state; the blocks have a quarter of them inside.
        z_channels: channels of each layer of latent variables.
        factors: by how much each resolution is smaller than the one before, such as 2 2 7 for 28 pixels.
        encoder_blocks: number of residual blocks at each resolution, the finest first.
        decoder_blocks: number of layers of latent variables at each resolution, the finest first.
        likelihood: p(x|z); None means Bernoulli.

    Source: Child 2021.

    Example:
        >>> vdvae((8, 8, 1), width=8, z_channels=2).layer_dims
        (128, 128, 32, 32, 8)
    """
    likelihood, _, _ = default_parts(shape, likelihood)
    middle = max(1, width // 4)
    return tfvae.models.VDVAE(
        tfvae.models.ResidualPyramid(shape, factors, encoder_blocks, width, middle),
        tfvae.models.TopDownDecoder(shape, factors, decoder_blocks, width, middle, z_channels),
        likelihood,
    )


def _model(
    inference: "type[tfvae.models.HierarchicalInference]",
    shape: tuple[int, ...],
    latent_dims: tuple[int, ...],
    hidden: int,
    warmup_steps: int,
    likelihood: "tfvae.likelihoods.Likelihood | None",
    encoder: "keras.Layer | None",
    decoder: "keras.Layer | None",
) -> "tfvae.models.HierarchicalVAE":
    networks, priors = tfvae.networks, tfvae.priors
    likelihood, first, decoder = default_parts(shape, likelihood, encoder, decoder)
    upper = [networks.mlp((hidden,)) for _ in latent_dims[1:]]
    levels = [
        priors.Conditional(dim, networks.mlp((hidden,)), above)
        for dim, above in itertools.pairwise(latent_dims)
    ]
    return tfvae.models.HierarchicalVAE(
        inference([first, *upper], [tfvae.posteriors.Normal(dim) for dim in latent_dims]),
        tfvae.models.MarkovPrior([*levels, priors.StandardNormal(latent_dims[-1])]),
        decoder,
        likelihood,
        annealed_elbo(warmup_steps),
    )
