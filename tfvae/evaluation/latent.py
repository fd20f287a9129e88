"""What the latent variable is used for."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel


def active_units(model: LatentModel, inputs: object, threshold: float = 0.01) -> np.ndarray:
    """Which latent dimensions respond to the data, a boolean array [latent_dim].

    active_j = Var_x(E_q[z_j | x]) > threshold

    The expectation is the location of q(z|x), which for a normal posterior is its mean.

    Args:
        model: the model.
        inputs: data [n, *event], n at least 2.
        threshold: smallest variance of an active dimension.

    Source: Burda et al. 2016, section 5.2 (threshold 0.01).
    """
    latent = model.predict(inputs, verbose=0)["latent"]
    if len(latent) < 2:
        raise InvalidInput("inputs", "at least two examples, to see a variance", len(latent))
    return latent.var(axis=0) > threshold
