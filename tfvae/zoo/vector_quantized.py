"""Recipes whose latent variables are codes of a learned codebook."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import assemble
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("van den Oord et al. 2017", "equations 1 to 3 and appendix A.1")
def vq_vae(
    shape: tuple[int, ...],
    num_codes: int = 128,
    code_dim: int = 16,
    num_positions: int = 8,
    commitment: float = 0.25,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tfvae.VAE":
    """VQ-VAE: z is `num_positions` codes, each the code of the codebook nearest to the encoder's features.

    The prior is uniform; `tfvae.priors.AutoregressiveCodes` can be fitted to the codes of the trained model.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        num_codes: number of codes in the codebook, learned by moving averages.
        code_dim: number of entries of a code.
        num_positions: number of codes for an example.
        commitment: weight of the commitment term, which keeps the features near their codes.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Source: van den Oord et al. 2017, equations 1 to 3 and appendix A.1.

    Example:
        >>> vq_vae((30,), num_positions=2, code_dim=4).latent_dim
        8
    """
    posterior = tfvae.posteriors.VectorQuantizerEMA(num_codes, code_dim, num_positions)
    prior = tfvae.priors.UniformCodes(num_codes, code_dim, num_positions)
    objective = tfvae.objectives.VectorQuantization(commitment)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)


@Recipe("Razavi et al. 2019", "section 3 and algorithm 1", data=DataKind.IMAGES)
def vq_vae_2(
    shape: tuple[int, int, int],
    num_codes: int = 128,
    code_dim: int = 16,
    filters: int = 32,
    commitment: float = 0.25,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
) -> "tfvae.VAE":
    """VQ-VAE-2: an image as codes at two scales, at a quarter of its size, and at half of it given these.

    The prior is uniform; `tfvae.priors.AutoregressiveCodes`, fitted to the codes of the trained model, is
    p(top) p(bottom|top), as the codes of the smaller scale come first.

    Args:
        shape: (height, width, channels) of an image, with height and width divisible by 4.
        num_codes: number of codes in each of the two codebooks, learned by moving averages.
        code_dim: number of entries of a code.
        filters: channels of the convolutions.
        commitment: weight of the commitment term, which keeps the features near their codes.
        likelihood: p(x|z); None means Bernoulli.

    Raises:
        InvalidInput: the shape is not one of such an image.

    Source: Razavi et al. 2019, section 3 and algorithm 1, with the sizes of small images.

    Example:
        >>> vae = vq_vae_2((8, 12, 1), num_codes=16, code_dim=2)
        >>> vae.posterior.top.num_positions, vae.posterior.bottom.num_positions
        (6, 24)
    """
    layers, posteriors = tfvae.layers, tfvae.posteriors
    maps = layers.map_shapes(shape, (4, 2), code_dim)
    top, bottom = [posteriors.VectorQuantizerEMA(num_codes, code_dim, h * w) for h, w, _ in maps]
    posterior = posteriors.HierarchicalVectorQuantizer(top, bottom, layers.upsample(maps[:1], filters))
    encoder = layers.FeaturePyramid([layers.downsample(filters) for _ in maps])
    decoder = layers.upsample(maps, filters)
    prior = tfvae.priors.UniformCodes(num_codes, code_dim, posterior.num_positions)
    objective = tfvae.objectives.VectorQuantization(commitment)
    return assemble(shape, posterior, likelihood, encoder, decoder, prior, objective)
