"""What `VAEDetector` takes where nothing is said: for tables of numbers, with gaps or without."""

from __future__ import annotations

import math

import keras
import numpy as np

from tfvae.anomaly.log_likelihood import LogLikelihood
from tfvae.anomaly.score import Score
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardise
from tfvae.likelihoods import Normal, Observed
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.posteriors import Normal as NormalPosterior

_STEPS = 2000
_FEWEST_EPOCHS, _MOST_EPOCHS = 20, 200


def model(shape: tuple[int, ...]) -> LatentModel:
    """Return a VAE for standardised rows of `shape`, NaN for missing values."""
    latent = max(1, min(8, math.prod(shape) // 2))
    return VAE(mlp((64, 32)), mlp((32, 64)), NormalPosterior(latent), Observed(Normal(shape)))


def preprocessing(x: np.ndarray) -> keras.Layer:
    """Return the layer that standardises columns by the mean and deviation of x [N, *shape]."""
    return Standardise.fit(Arrays(x))


def score() -> Score:
    """Return -log p(x), importance sampled."""
    return LogLikelihood()


def epochs(rows: int, batch_size: int) -> int:
    """Return how often training goes through `rows` rows: about 2,000 steps, within 20 to 200 passes."""
    steps = math.ceil(rows / batch_size)
    return min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, math.ceil(_STEPS / steps)))
