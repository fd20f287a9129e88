"""Recipes for graphs: x is an adjacency matrix, z has a part for each node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae

if TYPE_CHECKING:
    import keras


def graph_vae(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    encoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Graph VAE: graph convolutions encode, p(edge ij|z) = sigmoid(z_i . z_j); NaN is an unknown pair.

    The loss has the distortion balanced: the edges weigh as much as the pairs without one.

    Args:
        shape: (N, N), of an adjacency matrix of zeros and ones.
        latent_dim: number of latent dimensions of each node.
        encoder: network from adjacency matrices [B, N, N] to features of the nodes [B, N, n]; None is
            `tfvae.layers.GraphConvolution((32,))`, to which features of the nodes can be given.

    Source: Kipf and Welling 2016 (variational graph autoencoders), section 1.

    Example:
        >>> graph_vae((5, 5), latent_dim=2).sample(3).shape
        (3, 5, 5)
    """
    nodes = _nodes(shape)
    posterior = tfvae.posteriors.Normal(nodes * latent_dim, rows=nodes)
    return _graph_model(nodes, posterior, encoder, tfvae.objectives.ELBO())


def graph_autoencoder(
    shape: tuple[int, ...],
    latent_dim: int = 16,
    encoder: keras.Layer | None = None,
) -> tfvae.VAE:
    """Graph autoencoder: the graph VAE with a point for each node, and no rate.

    Args as in `graph_vae`.

    Source: Kipf and Welling 2016 (variational graph autoencoders), section 1.

    Example:
        >>> graph_autoencoder((5, 5), latent_dim=2).has_density
        False
    """
    nodes = _nodes(shape)
    posterior = tfvae.posteriors.Point(nodes * latent_dim, rows=nodes)
    return _graph_model(nodes, posterior, encoder, tfvae.objectives.Reconstruction())


def _nodes(shape: tuple[int, ...]) -> int:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise tfvae.InvalidInput("shape", "(nodes, nodes) of an adjacency matrix", shape)
    return shape[0]


def _graph_model(
    nodes: int,
    posterior: tfvae.posteriors.Posterior,
    encoder: keras.Layer | None,
    objective: tfvae.objectives.Objective,
) -> tfvae.VAE:
    return tfvae.VAE(
        encoder=tfvae.layers.GraphConvolution() if encoder is None else encoder,
        decoder=tfvae.networks.split_rows(nodes),
        posterior=posterior,
        likelihood=tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.InnerProduct(nodes)),
        objective=tfvae.objectives.ClassBalanced(objective),
    )
