"""Scores of where an example lies in the latent space."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.attribution import along_path
from tfvae.anomaly.scores.base import Inputs, Score, Train, over_data
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel

_STEPS = 16  # of the path along which contributions are summed


class LatentScore(Score, abc.ABC):
    """A score of the location of q(z|x); abstract.

    Contributions: integrated gradients along the straight line from the mean of the training data, in 16
    steps; what they leave is shared evenly (`tfvae.anomaly.scores.attribution.along_path`).
    """

    def check(self, model: LatentModel) -> None:
        """Refuse a posterior whose location does not follow from its parameters."""
        super().check(model)
        posterior = getattr(model, "posterior", None)
        if posterior is None or not posterior.has_location or posterior.space != "real":
            raise InvalidInput(
                "score", "one for a model without a location of q(z|x) in real space", type(self).__name__
            )

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Remember the mean of the data, where paths begin."""
        with np.errstate(invalid="ignore"):
            self.set_arrays(reference=np.nanmean(x.astype("float64"), axis=0))

    @abc.abstractmethod
    def at(self, z: tf.Tensor, model: LatentModel) -> tf.Tensor:
        """Return the score of latent points z [B, latent_dim], [B]."""

    def values(self, model: LatentModel, inputs: Inputs) -> dict[str, tf.Tensor]:
        """Return the score."""
        return {"score": self.at(model.latent(inputs), model)}

    def explained(self, model: LatentModel, inputs: Inputs) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the score and integrated gradients."""
        value, parts = along_path(
            lambda x: self.at(model.latent({**inputs, "x": x}), model),
            inputs["x"],
            tf.convert_to_tensor(self.reference),
            _STEPS,
        )
        return {"score": value}, parts


@final
class Mahalanobis(LatentScore):
    """score = (m - c)' C^-1 (m - c), m the location of q(z|x), c and C its mean and covariance in training.

    C has 1e-6 of its mean variance added to the diagonal, so that dimensions that are not used do not
    count infinitely. The score has no unit; on normal data its mean is the number of dimensions used.

    Source: Lee et al. 2018, equation 1, with one class and the VAE's own features.

    Example:
        >>> Mahalanobis().passes
        1
    """

    in_nats = False

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Measure mean and covariance of the locations."""
        super().learn(model, x, train)
        z = over_data(lambda model, inputs: model.latent(inputs), model, x).astype("float64")
        centered = z - z.mean(axis=0)
        covariance = centered.T @ centered / len(z)
        covariance += (1e-6 * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
        whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T
        self.set_arrays(center=z.mean(axis=0), whitening=whitening)

    def at(self, z: tf.Tensor, model: LatentModel) -> tf.Tensor:
        """Return the squared distance."""
        white = tf.matmul(z - tf.convert_to_tensor(self.center), tf.convert_to_tensor(self.whitening))
        return tf.reduce_sum(tf.square(white), axis=-1)


@final
class AggregatedPosterior(LatentScore):
    """score = -log q(m), q(z) = mean over n of q(z|x_n), m the location of q(z|x); in nats.

    The density where the codes of the training data really lie, which the prior is only meant to be.

    Args:
        num_components: training rows x_n, chosen at random; all where there are fewer.
        seed: start of the random numbers.

    Source: Makhzani et al. 2016, equation 1 (the aggregated posterior).

    Example:
        >>> AggregatedPosterior(num_components=100).num_components
        100
    """

    def __init__(
        self, num_components: int = 512, seed: int = 0, *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_components = integer("num_components", num_components)
        self.seed = integer("seed", seed, at_least=0)

    def check(self, model: LatentModel) -> None:
        """Refuse a posterior without a density at any z."""
        super().check(model)
        if not (model.has_density and model.posterior.explicit_density):
            raise InvalidInput("score", "one for a posterior without a density at any z", type(self).__name__)

    def learn(self, model: LatentModel, x: np.ndarray, train: Train) -> None:
        """Remember the parameters of q(z|x_n) of the chosen rows."""
        super().learn(model, x, train)
        order = np.random.default_rng(self.seed).permutation(len(x))[: self.num_components]
        noise = model.noise(1, 1, tf.constant([self.seed, 0]))

        def parameters(model: LatentModel, inputs: Inputs) -> dict:
            return model.record(inputs, noise)["posterior"]

        found = over_data(parameters, model, x[np.sort(order)])
        self.set_arrays(**{f"q_{name}": value for name, value in found.items()})

    def at(self, z: tf.Tensor, model: LatentModel) -> tf.Tensor:
        """Return -log q(z)."""
        kept = {name[2:]: getattr(self, name) for name in self.array_names if name.startswith("q_")}
        kept = {name: tf.convert_to_tensor(value) for name, value in kept.items()}
        log_q = model.posterior.distribution(kept).log_prob(z[:, tf.newaxis])
        return -(tf.reduce_logsumexp(log_q, axis=-1) - tf.math.log(float(log_q.shape[-1])))
