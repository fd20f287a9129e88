"""What a prior is."""

from __future__ import annotations

import abc
from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.part import Part

tfd = tfp.distributions


class Prior(Part, abc.ABC):
    """p(z): a distribution made anew, from the current weights, at each call; abstract."""

    latent_dim: int

    @abc.abstractmethod
    def distribution(
        self, encode: Callable | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return p(z), batch shape [] or [B].

        Args:
            encode: the model's map from data to q(z|x), for priors that are mixtures of posteriors.
            condition: what the model is conditioned on, [B, ...], for priors that depend on it.
        """

    @abc.abstractmethod
    def transform(self, noise: tf.Tensor) -> tf.Tensor:
        """Turn standard normal noise [B, latent_dim] into draws z [B, latent_dim] from p(z)."""
