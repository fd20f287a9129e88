"""Recipes for data of which some examples have a label."""

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.conditional import cvae
from tfvae.zoo.default_parts import default_parts
from tfvae.zoo.recipe import Labels, Recipe

if TYPE_CHECKING:
    import keras


@Recipe("Kingma et al. 2014", "equations 2, 4 and 6 to 9", labels=Labels.CLASS)
def semi_supervised_vae(
    shape: tuple[int, ...],
    num_classes: int = 10,
    latent_dim: int = 16,
    alpha: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
    classifier: "keras.Layer | None" = None,
) -> "tfvae.models.SemiSupervised":
    """Semi-supervised VAE (M2): a class known for some examples and summed over for the others.

    Inputs are {"x": x, "label": y}, y [B], with y = -1 where the class is unknown.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        num_classes: number of classes.
        latent_dim: number of latent dimensions.
        alpha: weight of -log q(y|x) of an example whose class is known; published: a tenth of the number of
            all examples for each one with a label.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from [x; y] to features, y one-hot; None means convolutional for images, else an MLP.
        decoder: network from [z; y] to features; None means the encoder's mirror image.
        classifier: network from x to the features of q(y|x); None means convolutional for images, else an
            MLP.

    Source: Kingma et al. 2014, equations 2, 4 and 6 to 9.

    Example:
        >>> semi_supervised_vae((30,), num_classes=3).predict_label([[0.0] * 30]).shape
        (1,)
    """
    vae = cvae(shape, num_classes, latent_dim, likelihood, encoder, decoder)
    _, classifier, _ = default_parts(shape, encoder=classifier)
    objective = tfvae.objectives.Classification(alpha)
    return tfvae.models.SemiSupervised(vae, classifier, objective=objective)


@Recipe("Maaloe et al. 2016", "section 2", labels=Labels.CLASS)
def auxiliary_vae(
    shape: tuple[int, ...],
    num_classes: int = 10,
    latent_dim: int = 16,
    auxiliary_dim: int = 16,
    alpha: float = 10.0,
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
    classifier: "keras.Layer | None" = None,
    auxiliary_encoder: "keras.Layer | None" = None,
    auxiliary_decoder: "keras.Layer | None" = None,
) -> "tfvae.models.AuxiliarySemiSupervised":
    """Auxiliary deep generative model: M2 with a variable a that makes its posterior a mixture.

    q(a|x) q(y|a,x) q(z|a,x,y), with p(y) p(z) p(x|y,z) p(a|x,y,z). Inputs are {"x": x, "label": y}, y [B],
    with y = -1 where the class is unknown.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        num_classes: number of classes.
        latent_dim: number of latent dimensions.
        auxiliary_dim: number of entries of a.
        alpha: weight of -log q(y|a,x) of an example whose class is known.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from [x; y; a] to features, y one-hot; None means convolutional for images, else an
            MLP.
        decoder: network from [z; y] to features; None means the encoder's mirror image.
        classifier: network from [x; a] to the features of q(y|a,x); None as for the encoder.
        auxiliary_encoder: network from x to the features of q(a|x); None as for the encoder.
        auxiliary_decoder: network from [x; z; y] to the features of p(a|x,y,z); None as for the encoder.

    Source: Maaloe et al. 2016, section 2.

    Example:
        >>> auxiliary_vae((30,), num_classes=3).predict_label([[0.0] * 30]).shape
        (1,)
    """
    joined, objective = tfvae.layers.ConcatenateCondition, tfvae.objectives.Classification(alpha)
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    others = (classifier, auxiliary_encoder, auxiliary_decoder)
    to_class, to_a, from_a = [default_parts(shape, encoder=network)[1] for network in others]
    decoder = tfvae.layers.ConditionPrefix(decoder, num_classes)
    posterior, condition_dim = tfvae.posteriors.Normal(latent_dim), num_classes + auxiliary_dim
    vae = tfvae.VAE(joined(encoder), decoder, posterior, likelihood, condition_dim=condition_dim)
    networks = to_a, joined(to_class), joined(from_a)
    return tfvae.models.AuxiliarySemiSupervised(vae, *networks, objective=objective)
