"""Recipes for data of which some has a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tfvae
from tfvae.zoo.default_parts import default_parts

if TYPE_CHECKING:
    import keras


def semi_supervised_vae(
    shape: tuple[int, ...],
    num_classes: int = 10,
    latent_dim: int = 16,
    alpha: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
    classifier: keras.Layer | None = None,
) -> tfvae.models.SemiSupervised:
    """Semi-supervised VAE (M2): a class known for some examples and summed over for the others.

    Inputs are {"x": x, "label": y}, with y = -1 where the class is unknown.

    Args as in `vae`, and
        num_classes: K.
        alpha: weight of -log q(y|x) of an example whose class is known; published: a tenth of the number of
            all examples for each one with a label.
        encoder: network from [x; y] to features, y one-hot; None as in `vae`.
        decoder: network from [z; y] to features; None as in `vae`.
        classifier: network from x to the features of q(y|x); None as the encoder in `vae`.

    Source: Kingma et al. 2014, equations 2, 4 and 6 to 9.

    Example:
        >>> semi_supervised_vae((30,), num_classes=3).predict_label([[0.0] * 30]).shape
        (1,)
    """
    vae = tfvae.zoo.cvae(shape, num_classes, latent_dim, likelihood, encoder, decoder)
    _, classifier, _ = default_parts(shape, encoder=classifier)
    objective = tfvae.objectives.Classification(alpha)
    return tfvae.models.SemiSupervised(vae, classifier, objective=objective)


def auxiliary_vae(
    shape: tuple[int, ...],
    num_classes: int = 10,
    latent_dim: int = 16,
    auxiliary_dim: int = 16,
    alpha: float = 10.0,
    likelihood: tfvae.likelihoods.Likelihood | None = None,
    encoder: keras.Layer | None = None,
    decoder: keras.Layer | None = None,
    classifier: keras.Layer | None = None,
    auxiliary_encoder: keras.Layer | None = None,
    auxiliary_decoder: keras.Layer | None = None,
) -> tfvae.models.AuxiliarySemiSupervised:
    """Auxiliary deep generative model: M2 with a variable a that makes its posterior a mixture.

    q(a|x) q(y|a,x) q(z|a,x,y), with p(y) p(z) p(x|y,z) p(a|x,y,z). Inputs are {"x": x, "label": y}, with
    y = -1 where the class is unknown.

    Args as in `semi_supervised_vae`, and
        auxiliary_dim: number of entries of a.
        encoder: network from [x; y; a] to features; None as in `vae`.
        classifier: network from [x; a] to the features of q(y|a,x); None as the encoder in `vae`.
        auxiliary_encoder: network from x to the features of q(a|x); None as the encoder in `vae`.
        auxiliary_decoder: network from [x; z; y] to the features of p(a|x,y,z); None likewise.

    Source: Maaloe et al. 2016, section 2.

    Example:
        >>> auxiliary_vae((30,), num_classes=3).predict_label([[0.0] * 30]).shape
        (1,)
    """
    joined, objective = tfvae.layers.ConcatenateCondition, tfvae.objectives.Classification(alpha)
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    others = (classifier, auxiliary_encoder, auxiliary_decoder)
    classifier, auxiliary_encoder, auxiliary_decoder = (
        default_parts(shape, encoder=one)[1] for one in others
    )
    decoder, size = tfvae.layers.ConditionPrefix(decoder, num_classes), num_classes + auxiliary_dim
    posterior = tfvae.posteriors.Normal(latent_dim)
    vae = tfvae.VAE(joined(encoder), decoder, posterior, likelihood, condition_dim=size)
    parts = (vae, auxiliary_encoder, joined(classifier), joined(auxiliary_decoder))
    return tfvae.models.AuxiliarySemiSupervised(*parts, objective=objective)
