"""The mixture of products of experts."""

from __future__ import annotations

import itertools

import tensorflow as tf

from tfvae.core.types import Tensor, Tensors
from tfvae.posteriors.mixture_fusion import MixtureFusion, equal_logits
from tfvae.posteriors.product_of_experts import product_with_prior


class MixtureOfProducts(MixtureFusion):
    """q(z|x) = mean over the non-empty subsets B of A of N(z; loc_B, scale_B^2), products as in PoE.

    N(loc_B, scale_B^2) is proportional to p(z) prod_{m in B} q_m(z|x_m): the experts alone, their pairs, and
    so on to all of them, with equal weights. There are 2^M - 1 components.

    Args:
        latent_dim: number of latent dimensions.

    Source: Sutter et al. 2021 (MoPoE-VAE), section 3. The prior is a factor of each product here, and the
        rate is that of the mixture itself, of which the paper takes an upper bound.

    Example:
        >>> MixtureOfProducts(4).num_components(3)
        7
    """

    def num_components(self, num_modalities: int) -> int:
        """One for each non-empty subset of the modalities."""
        return 2**num_modalities - 1

    def call(self, inputs: Tensors) -> Tensors:
        """Return {"logits" [B, K], "loc" and "scale" [B, K, latent_dim]}, the largest subset first."""
        present = inputs["present"]
        members = subset_members(present.shape[1])  # [K, M]
        powers = present[:, tf.newaxis] * members
        loc, scale = product_with_prior(inputs["loc"][:, tf.newaxis], inputs["scale"][:, tf.newaxis], powers)
        possible = tf.reduce_min(tf.where(members > 0, powers, 1.0), axis=-1)
        return {"logits": equal_logits(possible), "loc": loc, "scale": scale}


def subset_members(count: int) -> Tensor:
    """Return which of `count` items are in each of their non-empty subsets, the largest first, 1 or 0.

    Example:
        >>> subset_members(2).numpy()
        array([[1., 1.],
               [1., 0.],
               [0., 1.]], dtype=float32)
    """
    sizes = range(count, 0, -1)
    subsets = [subset for size in sizes for subset in itertools.combinations(range(count), size)]
    return tf.constant([[float(item in subset) for item in range(count)] for subset in subsets])
