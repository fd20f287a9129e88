"""What posteriors with all their mass on one code share."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.posteriors.base import Posterior


class CodePosterior(Posterior, abc.ABC):
    """q(z|x) with all its mass on one row of codes, whose vectors laid one after the other are z; abstract.

    Gradients for z go to the encoder's features as they are (straight through).

    Attributes:
        num_codes: vectors that each position chooses from; a tuple of one for each position where these
            differ.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
    """

    space = "codes"
    explicit_density = False
    num_codes: int | tuple[int, ...]
    code_dim: int
    num_positions: int

    @property
    def noise_dim(self) -> int:
        """One number, which is not used."""
        return 1

    @abc.abstractmethod
    def codes(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the codes, int32 [B, num_positions]."""

    @abc.abstractmethod
    def straight_through(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return z, [B, latent_dim], whose gradients are the features'."""

    @abc.abstractmethod
    def embed(self, codes: tf.Tensor) -> tf.Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions]."""

    @abc.abstractmethod
    def nearest(self, z: tf.Tensor) -> tf.Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""

    @abc.abstractmethod
    def codebook_loss(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the term that draws the vectors to the features, [B]."""

    @abc.abstractmethod
    def commitment_loss(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the term that draws the features to the vectors, [B]."""

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the point z, with probability 1."""
        return tfd.Independent(tfd.Deterministic(self.location(params)), 1)

    def summary(self, params: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"location" [B, latent_dim], "codes" int32 [B, num_positions]}."""
        return {"location": self.location(params), "codes": self.codes(params)}

    def transform(self, params: dict[str, tf.Tensor], noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z S times, whatever the noise, and zeros: the code's log probability."""
        z = self.straight_through(params)
        samples, batch = tf.shape(noise)[0], tf.shape(z)[0]
        return tf.broadcast_to(z, (samples, batch, self.latent_dim)), tf.zeros((samples, batch))
