"""Active units: the latent dimensions that respond to the data."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Inputs
from tfvae.models import LatentModel


def active_units(model: LatentModel, inputs: Inputs, threshold: float = 0.01) -> np.ndarray:
    """Return which latent dimensions are active units, bool [latent_dim].

    active_j = Var_x(E_q[z_j | x]) > threshold

    The expectation is the location of q(z|x), which for a normal posterior is its mean. Inactive units are a
    sign of posterior collapse.

    Args:
        model: the model.
        inputs: data [N, *event], or the model's inputs by name; N at least 2.
        threshold: smallest variance of an active dimension.

    Raises:
        InvalidInput: for fewer than two examples.

    Source: Burda et al. 2016, section 5.2 (threshold 0.01).

    Example:
        >>> import tfvae
        >>> active_units(tfvae.zoo.vae((4,), latent_dim=2), np.ones((3, 4)))    # the same location for all
        array([False, False])
    """
    latent = model.predict(inputs, verbose=0)["latent"]
    if len(latent) < 2:
        raise InvalidInput("inputs", "at least two examples, to see a variance", len(latent))
    return latent.var(axis=0) > threshold
