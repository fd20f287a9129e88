"""Recipes with codes at several scales."""

from __future__ import annotations

import tfvae
from tfvae.zoo.default_parts import assemble


def vq_vae_2(
    shape: tuple[int, ...],
    num_codes: int = 128,
    code_dim: int = 16,
    filters: int = 32,
    commitment: float = 0.25,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
) -> tfvae.VAE:
    """VQ-VAE-2: an image as codes at two scales, at a quarter of its size and at half of it given these.

    The prior is uniform; `tfvae.priors.AutoregressiveCodes`, fitted to the codes of the trained model, is
    p(top) p(bottom|top), as the codes of the smaller scale come first.

    Args as in `vae`, of images whose height and width are divisible by 4, and
        num_codes: rows of each of the two codebooks, learned by moving averages.
        code_dim: numbers in a code.
        filters: channels of the convolutions.
        commitment: weight that keeps the features near their codes.

    Raises:
        InvalidInput: for other shapes.

    Source: Razavi et al. 2019, section 3 and algorithm 1, with the sizes of small images.

    Example:
        >>> vae = vq_vae_2((8, 12, 1), num_codes=16, code_dim=2)
        >>> vae.posterior.top.num_positions, vae.posterior.bottom.num_positions
        (6, 24)
    """
    maps = tfvae.layers.map_shapes(shape, (4, 2), code_dim)
    top, bottom = (
        tfvae.posteriors.VectorQuantizerEMA(num_codes, code_dim, rows * columns) for rows, columns, _ in maps
    )
    posterior = tfvae.posteriors.HierarchicalVectorQuantizer(
        top, bottom, tfvae.layers.upsample(maps[:1], filters)
    )
    encoder = tfvae.layers.FeaturePyramid([tfvae.layers.downsample(filters) for _ in maps])
    decoder = tfvae.layers.upsample(maps, filters)
    prior = tfvae.priors.UniformCodes(num_codes, code_dim, posterior.num_positions)
    objective = tfvae.objectives.VectorQuantization(commitment)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)
