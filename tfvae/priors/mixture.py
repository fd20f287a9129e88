"""The learned mixture of Gaussians, whose components are clusters of the data."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from sklearn.mixture import GaussianMixture
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.numerics import softplus
from tfvae.core.types import Array, DType, Tensor
from tfvae.distributions import draw_categorical, normal_mixture
from tfvae.posteriors import Posterior
from tfvae.priors.base import Encode, Prior

_FLOOR = 1e-3


class Mixture(Prior):
    """p(z) = sum_c w_c N(z; loc_c, diag(scale_c^2)), with learned weights, locations and scales.

    w = softmax(logits),  scale = 1e-3 + softplus(raw_scale)

    The rate in the bound is the Monte Carlo mean of log q(z|x) - log p(z), with the sum over components
    inside log p(z).

    Args:
        latent_dim: number of latent dimensions.
        num_components: number of components, the clusters.

    Source: Jiang et al. 2017 (VaDE), section 3.1; clusters: equation 16.

    Example:
        >>> prior = Mixture(latent_dim=2, num_components=3)
        >>> prior.predict_cluster(tf.zeros([5, 2])).shape
        TensorShape([5])
    """

    def __init__(self, latent_dim: int, num_components: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.num_components = integer("num_components", num_components)
        each = (num_components, latent_dim)
        self.logits = self.add_weight(name="logits", shape=(num_components,), initializer="zeros")
        spread = keras.initializers.RandomNormal(stddev=1.0)
        self.loc = self.add_weight(name="loc", shape=each, initializer=spread)
        one = keras.initializers.Constant(float(_raw_scale(np.ones(()))))
        self.raw_scale = self.add_weight(name="raw_scale", shape=each, initializer=one)

    def noise_dim(self, posterior: Posterior) -> int:
        """One number chooses the component, the others place z in it."""
        return 1 + self.latent_dim

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return MixtureSameFamily of Independent(Normal), batch shape []."""
        return normal_mixture(*self._parameters())

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return loc_c + scale_c noise[1:], where the first number of the noise chooses c."""
        logits, loc, scale = self._parameters()
        chosen = draw_categorical(logits, noise[:, 0])
        return tf.gather(loc, chosen) + tf.gather(scale, chosen) * noise[:, 1:]

    def log_responsibilities(self, z: Tensor) -> Tensor:
        """Return log p(c|z), [..., num_components], for z [..., latent_dim].

        p(c|z) = w_c N(z; c) / sum_c' w_c' N(z; c')

        Source: Jiang et al. 2017, equation 16.
        """
        logits, loc, scale = self._parameters()
        z = tf.convert_to_tensor(z, tf.float32)[..., tf.newaxis, :]
        log_joint = normal_mixture(logits, loc, scale).components_distribution.log_prob(z) + logits
        return tf.nn.log_softmax(log_joint, axis=-1)

    def predict_cluster(self, z: Tensor) -> Tensor:
        """Return the most probable component of each point, int32 [...], for z [..., latent_dim].

        The clusters of data are those of their location: `prior.predict_cluster(vae.encode(x).mean())`.
        """
        return tf.argmax(self.log_responsibilities(z), axis=-1, output_type=tf.int32)

    def initialize(self, z: Array, seed: int = 0) -> None:
        """Fit the components to latent points [n, latent_dim] by expectation maximization.

        To be called after a first training with another prior, such as `StandardNormal`, and before the
        training with this one.

        Args:
            z: latent points, one for each example, such as `vae.encode(x).mean()`.
            seed: of the initialization of expectation maximization.

        Source: Jiang et al. 2017, section 4, where the first training is that of an autoencoder.
        """
        z = np.asarray(z, np.float64)
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) < self.num_components:
            expected = f"at least {self.num_components} points of shape (n, {self.latent_dim})"
            raise InvalidInput("z", expected, z.shape)
        fitted = GaussianMixture(
            self.num_components, covariance_type="diag", max_iter=300, reg_covar=_FLOOR**2, random_state=seed
        ).fit(z)
        self.logits.assign(np.log(np.maximum(np.asarray(fitted.weights_), 1e-6)))
        self.loc.assign(fitted.means_)
        self.raw_scale.assign(_raw_scale(np.sqrt(np.asarray(fitted.covariances_))))

    def _parameters(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits [K], locations and scales [K, latent_dim], from the current weights."""
        scale = _FLOOR + softplus(tf.convert_to_tensor(self.raw_scale))
        return tf.convert_to_tensor(self.logits), tf.convert_to_tensor(self.loc), scale


def _raw_scale(scale: Array) -> Array:
    """Invert scale = floor + softplus(raw)."""
    excess = np.maximum(scale - _FLOOR, 1e-6)
    return excess + np.log(-np.expm1(-excess))
