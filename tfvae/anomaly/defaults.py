"""What `VAEDetector` takes where nothing is said: for tables of numbers, with gaps or without."""

from __future__ import annotations

import math
import os

import keras
import numpy as np

from tfvae.anomaly.combinations import Mean, Sum
from tfvae.anomaly.joint import Ensemble, Together
from tfvae.anomaly.log_likelihood import LogLikelihood
from tfvae.anomaly.rate import Rate
from tfvae.anomaly.score import Score
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardise
from tfvae.likelihoods import Normal, Observed
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.objectives import ELBO, Trimmed
from tfvae.posteriors import Normal as NormalPosterior
from tfvae.scales import Learned

_STEPS = int(os.environ.get('ST', 2000))
LATENT = int(os.environ.get('LA', 2))
MEMBERS = int(os.environ.get('ME', 3))
RATE = 3.0
_FEWEST_EPOCHS = 10


def model(shape: tuple[int, ...]) -> LatentModel:
    """Return a VAE for standardised rows of `shape`, NaN for missing values.

    Each column has a scale of its own, the same for all rows: with one from the network, a row can be
    probable by being in a place where little is expected.
    """
    return VAE(
        mlp((64, 64), "elu"),
        mlp((64, 64), "elu"),
        NormalPosterior(LATENT),
        Observed(Normal(shape, Learned(floor=0.1, initial=0.8, shape=shape))),
        objective=Trimmed(ELBO(), 0.1),
    )


def preprocessing(x: np.ndarray) -> keras.Layer:
    """Return the layer that standardises columns by the mean and deviation of x [N, *shape]."""
    return Standardise.fit(Arrays(x))


def score() -> Score:
    """Return -log p(x) + 3 KL(q(z|x) || p(z)), the mean over models."""
    return Ensemble(
        Together([LogLikelihood(num_samples=16), Rate()], Sum((1.0, RATE))), num_members=MEMBERS, combination=Mean()
    )


def epochs(rows: int, batch_size: int) -> int:
    """Return how often training goes through `rows` rows: about 2,000 steps, at least 10 passes."""
    steps = math.ceil(rows / batch_size)
    return max(_FEWEST_EPOCHS, math.ceil(_STEPS / steps))
