"""The score of how far an example takes the latent variable from its prior."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import along_path
from tfvae.anomaly.scores.base import MonteCarloScore, Train
from tfvae.core.trace import Trace
from tfvae.models import LatentModel

_STEPS = 16  # of the path along which contributions are summed


@final
class KLDivergence(MonteCarloScore):
    """score = KL(q(z|x) || p(z)), in nats: what x says of z.

    High for what the decoder explains only by an unusual z, also where it then explains it well. In closed
    form where there is one, else the mean over draws.

    Contributions: integrated gradients along the straight line from the mean of the training data, in 16
    steps; what they leave is shared evenly (`tfvae.anomaly.scores.attribution.along_path`).

    Args:
        num_samples: draws for each example.
        seed: start of the random numbers.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> KLDivergence().passes
        1
    """

    needs_density = True

    def __init__(self, num_samples: int = 1, seed: int = 0, *, name: str | None = None, dtype: object = None):
        super().__init__(num_samples, seed, name=name, dtype=dtype)

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Remember the mean of the data, where paths begin."""
        with np.errstate(invalid="ignore"):
            self.set_arrays(reference=np.nanmean(x.astype("float64"), axis=0))

    def of(self, trace: Trace) -> dict[str, tf.Tensor]:
        """Return the rate."""
        return {"score": trace.rate}

    def contributions(self, model: LatentModel, trace: Trace) -> tf.Tensor:
        """Return integrated gradients."""

        def rate(x: tf.Tensor) -> tf.Tensor:
            return self.values(model, {**trace.given, "x": x})["score"]

        return along_path(rate, trace.x, tf.convert_to_tensor(self.reference), _STEPS)[1]
