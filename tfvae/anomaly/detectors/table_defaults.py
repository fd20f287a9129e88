"""What `VAEDetector` takes where nothing is said: for tables of numbers, with gaps or without."""

from __future__ import annotations

import math

import keras
import numpy as np

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.combination_rules import Mean, WeightedSum
from tfvae.anomaly.scores.ensemble import Ensemble, ScoreCombination
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardize
from tfvae.likelihoods import MissingAtRandom, Normal
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.objectives import ELBO, Trimmed
from tfvae.posteriors import Normal as NormalPosterior
from tfvae.scales import Learned

TRIM = 0.1
_STEPS = 2500
_FEWEST_EPOCHS = 10
_MEMBERS = 3
_DRAWS = 16
_RATE = 4.0


def model(shape: tuple[int, ...], trim: float = TRIM) -> LatentModel:
    """Return a VAE for standardized rows of `shape`, NaN for missing values.

    Few latent dimensions, about log2(columns / 2), and a scale for each column that is the same for all
    rows. The share `trim` of each batch that is least probable is left out: it holds most of the anomalies.
    """
    columns = math.prod(shape)
    latent = max(min(2, columns), round(math.log2(columns / 2)))
    return VAE(
        mlp((64, 64), "elu"),
        mlp((64, 64), "elu"),
        NormalPosterior(latent),
        MissingAtRandom(Normal(shape, Learned(floor=0.1, initial=0.8, shape=shape))),
        objective=Trimmed(ELBO(), trim),
    )


def preprocessing(x: np.ndarray) -> keras.Layer:
    """Return the layer that standardizes columns by the mean and deviation of x [N, *shape]."""
    return Standardize.fit(Arrays(x))


def score() -> Score:
    """Return -log p(x) + 4 KL(q(z|x) || p(z)), in nats, the mean over models from several random starts.

    The density alone forgives what an unusual z explains well.
    """
    one = ScoreCombination([LogLikelihood(_DRAWS), KLDivergence()], WeightedSum((1.0, _RATE)))
    return Ensemble(one, num_members=_MEMBERS, combination=Mean())


def epochs(rows: int, batch_size: int) -> int:
    """Return how often training goes through `rows` rows: about 2,500 steps, at least 10 passes."""
    steps = math.ceil(rows / batch_size)
    return max(_FEWEST_EPOCHS, math.ceil(_STEPS / steps))
