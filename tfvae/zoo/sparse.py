"""Recipes whose codes, or decoders, are mostly zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import tfvae

if TYPE_CHECKING:
    import keras


def predictive_sparse_decomposition(
    shape: tuple[int, ...],
    latent_dim: int = 128,
    sparsity: float = 0.5,
    prediction: float = 1.0,
    encoder_steps: int = 3,
) -> tfvae.VAE:
    """Predictive sparse decomposition: |x - z D|^2 + sparsity |z|_1 + prediction |z - f(x)|^2, f by LISTA.

    Args:
        shape: shape of one example.
        latent_dim: number of atoms of the dictionary D.
        sparsity: weight of the absolute values of z.
        prediction: weight of the distance between z and what the encoder f foresees.
        encoder_steps: of the encoder, which starts as so many steps of iterative shrinkage.

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


def sparse_vae(
    shape: tuple[int, ...],
    latent_dim: int = 8,
    dataset_size: int = 1000,
    spike: float = 10.0,
    slab: float = 1.0,
    encoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Sparse VAE: each element of x depends on few latent dimensions, by masks with a spike-and-slab prior.

    Args:
        shape: (G,), the shape of one example.
        latent_dim: number of latent dimensions.
        dataset_size: examples in the data set, of which the prior of the masks counts once.
        spike: rate of the Laplace that holds masks at 0.
        slab: rate of the Laplace of masks that are not 0.
        encoder: network from x to features; None is an MLP.

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
