"""Copies of a model: with new random weights, or with the same weights."""

from __future__ import annotations

import keras

from tfvae.models import LatentModel
from tfvae.objectives import Objective


def reinitialized(model: LatentModel, objective: Objective | None = None) -> LatentModel:
    """Return a model with the same configuration and new random weights.

    Args:
        model: the model.
        objective: replaces the model's objective; None keeps it.

    Example:
        >>> import tfvae
        >>> reinitialized(tfvae.zoo.vae((4,), latent_dim=2)).latent_dim
        2
    """
    config = model.get_config()
    if objective is not None:
        config["objective"] = keras.saving.serialize_keras_object(objective)
    return type(model).from_config(config)


def copy_model(model: LatentModel, objective: Objective | None = None) -> LatentModel:
    """Return a model with the same configuration and the same weights.

    Args:
        model: the model.
        objective: replaces the model's objective, whose own weights are then not copied; None keeps it.

    Example:
        >>> import tfvae, numpy
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> all(numpy.array_equal(*pair) for pair in zip(vae.get_weights(), copy_model(vae).get_weights()))
        True
    """
    copy = reinitialized(model, objective)
    if objective is None:
        copy.set_weights(model.get_weights())
        return copy
    ours = {id(v) for v in [*copy.objective.variables, *copy.term_means.variables]}
    theirs = {id(v) for v in [*model.objective.variables, *model.term_means.variables]}
    targets = [v for v in copy.variables if id(v) not in ours]
    sources = [v for v in model.variables if id(v) not in theirs]
    for target, source in zip(targets, sources, strict=True):
        target.assign(source)
    return copy
