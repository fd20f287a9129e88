"""Recipes for several kinds of data at once, the modalities, any of which may be missing."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import default_parts
from tfvae.zoo.recipe import DataKind, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Wu and Goodman 2018", "sections 2.1 and 2.2", data=DataKind.SEVERAL)
def multimodal_vae(
    shapes: dict[str, tuple[int, ...]],
    latent_dim: int = 16,
    random_subsets: int = 0,
    modality_weights: dict[str, float] | None = None,
    likelihoods: "dict[str, tfvae.likelihoods.Likelihood] | None" = None,
    encoders: "dict[str, keras.Layer] | None" = None,
    decoders: "dict[str, keras.Layer] | None" = None,
) -> "tfvae.models.MultimodalVAE":
    """MVAE: q(z|x) is the product of the prior and an expert for each modality that is present.

    loss = -ELBO of all modalities - sum_m ELBO of modality m alone - ELBOs of random subsets

    Args:
        shapes: shape of one example of each modality, by name.
        latent_dim: number of latent dimensions.
        random_subsets: number of random subsets of the modalities in the loss.
        modality_weights: weights of the modalities' distortions by name; a missing one is 1.
        likelihoods: p(x_m|z) by name; a missing one is Bernoulli for images, else a normal.
        encoders: networks from x_m to features by name; a missing one is convolutional for images, else an
            MLP.
        decoders: networks from z to features by name; a missing one is the encoder's mirror image.

    Raises:
        InvalidInput: shapes is not a dict, or a dict has a name that is not in it.

    Source: Wu and Goodman 2018, sections 2.1 and 2.2.

    Example:
        >>> model = multimodal_vae({"image": (8, 8, 1), "attributes": (3,)}, latent_dim=4)
        >>> {name: array.shape for name, array in model.sample(2).items()}
        {'image': (2, 8, 8, 1), 'attributes': (2, 3)}
    """
    objective = tfvae.objectives.SubsetELBO(modality_weights=modality_weights, random_subsets=random_subsets)
    fusion = tfvae.posteriors.ProductOfExperts(latent_dim)
    return _assemble(shapes, fusion, objective, likelihoods, encoders, decoders)


@Recipe("Shi et al. 2019", "section 3", data=DataKind.SEVERAL)
def mmvae(
    shapes: dict[str, tuple[int, ...]],
    latent_dim: int = 16,
    modality_weights: dict[str, float] | None = None,
    likelihoods: "dict[str, tfvae.likelihoods.Likelihood] | None" = None,
    encoders: "dict[str, keras.Layer] | None" = None,
    decoders: "dict[str, keras.Layer] | None" = None,
) -> "tfvae.models.MultimodalVAE":
    """MMVAE: q(z|x) is the mixture, with equal weights, of an expert for each modality that is present.

    loss = -ELBO, with one draw from each expert

    The paper's tighter bound is `objectives.ImportanceWeighted`, with all draws under one logarithm. Its
    doubly reparameterized gradient is not offered: it is biased where each draw has an expert of its own.

    Args:
        shapes: shape of one example of each modality, by name.
        latent_dim: number of latent dimensions.
        modality_weights: weights of the modalities' distortions by name; a missing one is 1.
        likelihoods: p(x_m|z) by name; a missing one is Bernoulli for images, else a normal.
        encoders: networks from x_m to features by name; a missing one is convolutional for images, else an
            MLP.
        decoders: networks from z to features by name; a missing one is the encoder's mirror image.

    Raises:
        InvalidInput: shapes is not a dict, or a dict has a name that is not in it.

    Source: Shi et al. 2019, section 3, with normal experts and prior instead of Laplace ones.

    Example:
        >>> mmvae({"image": (8, 8, 1), "attributes": (3,)}, latent_dim=4).objective.num_samples
        2
    """
    fusion = tfvae.posteriors.MixtureOfExperts(latent_dim)
    objective = _one_draw_of_each(fusion, shapes, modality_weights)
    return _assemble(shapes, fusion, objective, likelihoods, encoders, decoders)


@Recipe("Sutter et al. 2021", "section 3", data=DataKind.SEVERAL)
def mopoe_vae(
    shapes: dict[str, tuple[int, ...]],
    latent_dim: int = 16,
    modality_weights: dict[str, float] | None = None,
    likelihoods: "dict[str, tfvae.likelihoods.Likelihood] | None" = None,
    encoders: "dict[str, keras.Layer] | None" = None,
    decoders: "dict[str, keras.Layer] | None" = None,
) -> "tfvae.models.MultimodalVAE":
    """MoPoE-VAE: q(z|x) is the mixture of the products of experts of all subsets of what is present.

    loss = -ELBO, with one draw from each of the 2^M - 1 products

    Args:
        shapes: shape of one example of each modality, by name.
        latent_dim: number of latent dimensions.
        modality_weights: weights of the modalities' distortions by name; a missing one is 1.
        likelihoods: p(x_m|z) by name; a missing one is Bernoulli for images, else a normal.
        encoders: networks from x_m to features by name; a missing one is convolutional for images, else an
            MLP.
        decoders: networks from z to features by name; a missing one is the encoder's mirror image.

    Raises:
        InvalidInput: shapes is not a dict, or a dict has a name that is not in it.

    Source: Sutter et al. 2021, section 3.

    Example:
        >>> mopoe_vae({"image": (8, 8, 1), "attributes": (3,)}, latent_dim=4).objective.num_samples
        3
    """
    fusion = tfvae.posteriors.MixtureOfProducts(latent_dim)
    objective = _one_draw_of_each(fusion, shapes, modality_weights)
    return _assemble(shapes, fusion, objective, likelihoods, encoders, decoders)


def _one_draw_of_each(
    fusion: "tfvae.posteriors.Fusion",
    shapes: dict[str, tuple[int, ...]],
    modality_weights: dict[str, float] | None,
) -> "tfvae.objectives.Objective":
    draws = fusion.num_components(len(shapes))
    return tfvae.objectives.SubsetELBO(modality_weights=modality_weights, singles=0.0, num_samples=draws)


def _assemble(
    shapes: dict[str, tuple[int, ...]],
    fusion: "tfvae.posteriors.Fusion",
    objective: "tfvae.objectives.Objective",
    likelihoods: "dict[str, tfvae.likelihoods.Likelihood] | None",
    encoders: "dict[str, keras.Layer] | None",
    decoders: "dict[str, keras.Layer] | None",
) -> "tfvae.models.MultimodalVAE":
    if not isinstance(shapes, dict):
        raise tfvae.InvalidInput("shapes", "a dict with the shape of each modality by name", shapes)
    for argument, chosen in (("likelihoods", likelihoods), ("encoders", encoders), ("decoders", decoders)):
        unknown = sorted(set(chosen or {}) - set(shapes))
        if unknown:
            raise tfvae.InvalidInput(argument, f"names among {list(shapes)}", unknown)
    modalities = {}
    for name, shape in shapes.items():
        chosen = [(given or {}).get(name) for given in (likelihoods, encoders, decoders)]
        likelihood, encoder, decoder = default_parts(shape, *chosen)
        expert = tfvae.posteriors.Normal(fusion.latent_dim)
        modalities[name] = tfvae.models.Modality(encoder, decoder, expert, likelihood)
    return tfvae.models.MultimodalVAE(modalities, fusion, objective)
