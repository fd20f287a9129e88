"""The defaults of `VAEDetector`: for tables of numbers, with or without missing values."""

from __future__ import annotations

import math

import keras
import numpy as np

from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.combination_rules import Mean, WeightedSum
from tfvae.anomaly.scores.ensemble import Ensemble
from tfvae.anomaly.scores.kl_divergence import KLDivergence
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.anomaly.scores.score_combination import ScoreCombination
from tfvae.core.types import Shape
from tfvae.data import Arrays
from tfvae.data.preprocessing import Standardize
from tfvae.likelihoods import MissingAtRandom, StudentT
from tfvae.models import VAE, LatentModel
from tfvae.networks import mlp
from tfvae.objectives import ELBO, Trimmed
from tfvae.posteriors import Normal as NormalPosterior
from tfvae.scales import Learned

TRIM = 0.1
_STEPS = 2500
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 500
_DEGREES_OF_FREEDOM = 5.0
_MEMBERS = 3
_DRAWS = 16
_KL_COEFFICIENT = 4.0


def model(shape: Shape, trim: float = TRIM) -> LatentModel:
    """Return a VAE for standardized rows, NaN for missing values.

    The latent space is small, about log2(columns / 2) dimensions, and each column has one learned scale. The
    likelihood is Student's t with 5 degrees of freedom, as columns of tables have heavy tails: one far value
    in an otherwise usual row weighs less than several that do not go together. The share `trim` of each
    mini-batch that is least probable is left out of the loss: it holds most of the anomalies.

    Args:
        shape: of a row, such as (columns,).
        trim: share of each mini-batch that is left out, in [0, 1).

    Example:
        >>> model((16,)).latent_dim
        3
    """
    columns = math.prod(shape)
    latent_dim = max(min(2, columns), round(math.log2(columns / 2)))
    return VAE(
        mlp((64, 64), "elu"),
        mlp((64, 64), "elu"),
        NormalPosterior(latent_dim),
        MissingAtRandom(StudentT(shape, Learned(floor=0.1, initial=0.8, shape=shape), _DEGREES_OF_FREEDOM)),
        objective=Trimmed(ELBO(), trim),
    )


def preprocessing(x: np.ndarray) -> keras.Layer:
    """Return the layer that standardizes columns.

    Args:
        x: training rows [N, *shape], whose means and standard deviations it takes.

    Example:
        >>> preprocessing(np.array([[1.0], [3.0]])).offset
        [2.0]
    """
    return Standardize.fit(Arrays(x))


def score() -> Score:
    """Return -log p(x) + 4 KL(q(z|x) || p(z)), in nats, averaged over three models.

    The density alone would miss anomalies that an unusual z explains well.

    Example:
        >>> score().num_members
        3
    """
    one = ScoreCombination([LogLikelihood(_DRAWS), KLDivergence()], WeightedSum((1.0, _KL_COEFFICIENT)))
    return Ensemble(one, num_members=_MEMBERS, combination=Mean())


def epochs(rows: int, batch_size: int) -> int:
    """Return the number of passes over the training data: about 2,500 steps, and 10 to 500 passes.

    More than 500 passes over few rows would learn them by heart, and with them the anomalies.

    Args:
        rows: number of training rows.
        batch_size: rows of a training step.

    Example:
        >>> epochs(1000, batch_size=100)
        250
    """
    steps = math.ceil(rows / batch_size)
    return min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, math.ceil(_STEPS / steps)))
