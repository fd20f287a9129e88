"""What `SeriesDetector` takes where nothing is said."""

from __future__ import annotations

import keras
import numpy as np

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.elbo import NegativeELBO
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardize
from tfvae.likelihoods import MissingAtRandom, Normal
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.posteriors import Normal as NormalPosterior
from tfvae.scales import PerElement

_LIMIT = 5.0  # in deviations of the channel
_FLOOR = 0.1


def of_windows(shape: tuple[int, int]) -> LatentModel:
    """Return a VAE for windows of `shape` (steps, channels) of standardized channels.

    Each element has a scale of its own from the network, which says how well it can be foretold, and no
    smaller one than a tenth of the channel's deviation: a channel that hardly moves in training would else
    raise an alarm at every tremble.
    """
    likelihood = MissingAtRandom(Normal(shape, PerElement(floor=_FLOOR)))
    return VAE(mlp((128, 64)), mlp((64, 128)), NormalPosterior(8), likelihood)


def preprocessing(values: np.ndarray) -> keras.Layer:
    """Return the layer that standardizes channels of [T, channels], and cuts at 5 deviations."""
    return Standardize.fit(Arrays(values), limit=_LIMIT)


def score() -> Score:
    """Return the score of windows: the negative ELBO over few draws, as there are many windows."""
    return NegativeELBO(num_samples=4)
