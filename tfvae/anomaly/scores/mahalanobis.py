"""The Mahalanobis distance in the latent space as a score."""

from __future__ import annotations

from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.base import TrainFunction
from tfvae.anomaly.scores.data_batches import apply_in_batches
from tfvae.anomaly.scores.latent import LatentScore
from tfvae.core.types import Tensor
from tfvae.models import LatentModel


@final
class Mahalanobis(LatentScore):
    """score = (m - c)' C^-1 (m - c), m the location of q(z|x), c and C its mean and covariance in training.

    1e-6 of the mean variance is added to the diagonal of C, so that inactive units do not dominate. The score
    has no unit; its mean on normal data is the number of active units.

    Contributions: integrated gradients, as for every `LatentScore`.

    Source: Lee et al. 2018, equation 1, with one class and the VAE's own features.

    Example:
        >>> Mahalanobis().in_nats
        False
    """

    in_nats = False

    def learn(self, model: LatentModel, x: np.ndarray, train: TrainFunction) -> None:
        """Estimate the mean and the covariance of the locations."""
        super().learn(model, x, train)
        z = apply_in_batches(lambda model, inputs: model.latent(inputs), model, x).astype("float64")
        centered = z - z.mean(axis=0)
        covariance = centered.T @ centered / len(z)
        covariance += (1e-6 * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
        whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T
        self.set_arrays(center=z.mean(axis=0), whitening=whitening)

    def of_latent(self, z: Tensor, model: LatentModel) -> Tensor:
        """Return the squared distance."""
        white = tf.matmul(z - tf.convert_to_tensor(self.center), tf.convert_to_tensor(self.whitening))
        return tf.reduce_sum(tf.square(white), axis=-1)
