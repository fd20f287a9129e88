"""Recipes for graphs: x is an adjacency matrix, z has a part for each node."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Kipf and Welling 2016", "section 1", data=DataKind.GRAPHS)
def graph_vae(
    shape: tuple[int, int],
    latent_dim: int = 16,
    encoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Graph VAE: graph convolutions encode, p(edge ij|z) = sigmoid(z_i . z_j); NaN is an unknown pair.

    The distortion is balanced: the edges together weigh as much as the pairs without one.

    Args:
        shape: (N, N) of an adjacency matrix of zeros and ones.
        latent_dim: number of latent dimensions of each node.
        encoder: network from adjacency matrices [B, N, N] to features of the nodes [B, N, n]; None means
            `tfvae.layers.GraphConvolution((32,))`, which can also be given features of the nodes.

    Raises:
        InvalidInput: the shape is not that of a square matrix.

    Source: Kipf and Welling 2016, section 1 (variational graph autoencoders).

    Example:
        >>> graph_vae((5, 5), latent_dim=2).sample(3).shape
        (3, 5, 5)
    """
    nodes = _nodes(shape)
    posterior = tfvae.posteriors.Normal(nodes * latent_dim, rows=nodes)
    return _graph_model(nodes, posterior, encoder, tfvae.objectives.ELBO())


@Recipe("Kipf and Welling 2016", "section 1", data=DataKind.GRAPHS)
def graph_autoencoder(
    shape: tuple[int, int],
    latent_dim: int = 16,
    encoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """Graph autoencoder: p(edge ij|z) = sigmoid(z_i . z_j) at points z_i = f(x)_i; NaN is an unknown pair.

    The distortion is balanced: the edges together weigh as much as the pairs without one.

    Args:
        shape: (N, N) of an adjacency matrix of zeros and ones.
        latent_dim: number of latent dimensions of each node.
        encoder: network from adjacency matrices [B, N, N] to features of the nodes [B, N, n]; None means
            `tfvae.layers.GraphConvolution((32,))`, which can also be given features of the nodes.

    Raises:
        InvalidInput: the shape is not that of a square matrix.

    Source: Kipf and Welling 2016, section 1 (variational graph autoencoders).

    Example:
        >>> graph_autoencoder((5, 5), latent_dim=2).has_density
        False
    """
    nodes = _nodes(shape)
    posterior = tfvae.posteriors.Point(nodes * latent_dim, rows=nodes)
    return _graph_model(nodes, posterior, encoder, tfvae.objectives.Reconstruction())


def _nodes(shape: tuple[int, int]) -> int:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise tfvae.InvalidInput("shape", "(nodes, nodes) of an adjacency matrix", shape)
    return shape[0]


def _graph_model(
    nodes: int,
    posterior: "tfvae.posteriors.Posterior",
    encoder: "keras.Layer | None",
    objective: "tfvae.objectives.Objective",
) -> "tfvae.VAE":
    return tfvae.VAE(
        encoder=tfvae.layers.GraphConvolution() if encoder is None else encoder,
        decoder=tfvae.networks.split_rows(nodes),
        posterior=posterior,
        likelihood=tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.InnerProduct(nodes)),
        objective=tfvae.objectives.ClassBalanced(objective),
    )
