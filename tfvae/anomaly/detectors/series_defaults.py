"""The defaults of `SeriesDetector`: model, preprocessing and score of windows."""

from __future__ import annotations

import keras
import numpy as np

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.negative_elbo import NegativeELBO
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardize
from tfvae.likelihoods import MissingAtRandom, Normal
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.posteriors import Normal as NormalPosterior
from tfvae.scales import PerElement

_LIMIT = 5.0  # in standard deviations of the channel
_SMALLEST_SCALE = 0.1


def model(shape: tuple[int, int]) -> LatentModel:
    """Return a VAE for windows of standardized channels, NaN for missing values.

    The network predicts a scale for each element, which tells how predictable the element is. The scale is
    at least a tenth of the channel's standard deviation: otherwise a channel that hardly moves in training
    would raise an alarm at every small deviation.

    Args:
        shape: (steps, channels) of a window.

    Example:
        >>> model((16, 3)).event_shape
        (16, 3)
    """
    likelihood = MissingAtRandom(Normal(shape, PerElement(floor=_SMALLEST_SCALE)))
    return VAE(mlp((128, 64)), mlp((64, 128)), NormalPosterior(8), likelihood)


def preprocessing(values: np.ndarray) -> keras.Layer:
    """Return the layer that standardizes channels, and clips them at 5 standard deviations.

    Args:
        values: points of the training series, [T, channels].

    Example:
        >>> preprocessing(np.array([[1.0], [3.0]])).offset
        [2.0]
    """
    return Standardize.fit(Arrays(values), limit=_LIMIT)


def score() -> Score:
    """Return the score of windows: the negative ELBO with few draws, as there are many windows.

    Example:
        >>> score().num_samples
        4
    """
    return NegativeELBO(num_samples=4)
