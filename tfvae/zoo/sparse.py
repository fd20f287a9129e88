"""Recipes for sparse models: few latent dimensions for an example, or for an element of x."""

import math
from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Kavukcuoglu et al. 2010", "equation 2")
def predictive_sparse_decomposition(
    shape: tuple[int, ...],
    latent_dim: int = 128,
    sparsity: float = 0.5,
    prediction: float = 1.0,
    encoder_steps: int = 3,
) -> "tfvae.VAE":
    """Predictive sparse decomposition: |x - z D|^2 + sparsity |z|_1 + prediction |z - f(x)|^2, f by LISTA.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        latent_dim: number of atoms of the dictionary D.
        sparsity: weight of the absolute values of z.
        prediction: weight of the squared distance between z and the encoder's prediction f(x).
        encoder_steps: steps of the encoder, which at first are steps of iterative shrinkage.

    Source: Kavukcuoglu et al. 2010, equation 2; the encoder, Gregor and LeCun 2010.

    Example:
        >>> predictive_sparse_decomposition((30,), latent_dim=40).has_density
        False
    """
    model = tfvae.VAE(
        encoder=tfvae.networks.linear(),
        decoder=tfvae.networks.linear(),
        # The encoder's steps are for half the energy, |x - z D|^2 / 2 + sparsity / 2 |z|_1.
        posterior=tfvae.posteriors.LISTA(latent_dim, encoder_steps, sparsity / 2),
        likelihood=tfvae.likelihoods.Dictionary(shape, scale=math.sqrt(0.5)),
        objective=tfvae.objectives.PredictiveSparseDecomposition(sparsity, prediction),
    )
    model.posterior.start_at(model.likelihood.atoms)
    return model


@Recipe("Moran et al. 2022", "section 2", data=DataKind.ROWS)
def sparse_vae(
    shape: tuple[int],
    latent_dim: int = 8,
    dataset_size: int | None = None,
    spike: float = 10.0,
    slab: float = 1.0,
    encoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Sparse VAE: each element of x depends on few latent dimensions, by masks with a spike-and-slab prior.

    Args:
        shape: (columns,) of a row.
        latent_dim: number of latent dimensions.
        dataset_size: number of training examples, over which the prior of the masks counts once; None means
            that of the data given to `fit`.
        spike: rate of the Laplace distribution of masks near 0.
        slab: rate of the Laplace distribution of the other masks, in (0, spike).
        encoder: network from x to features; None means an MLP.

    Source: Moran et al. 2022, section 2.

    Example:
        >>> tuple(sparse_vae((30,), latent_dim=4).likelihood.masks.shape)
        (30, 4)
    """
    return tfvae.VAE(
        encoder=tfvae.networks.mlp() if encoder is None else encoder,
        decoder=tfvae.networks.linear(),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=tfvae.likelihoods.MaskedNormal(shape),
        objective=tfvae.objectives.SpikeAndSlab(dataset_size, spike, slab),
    )
