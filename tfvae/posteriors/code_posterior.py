"""What the posteriors over the codes of a codebook share."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor, Tensors
from tfvae.posteriors.base import Posterior


class CodePosterior(Posterior, abc.ABC):
    """q(z|x) with all its mass on P codes, whose concatenated vectors are z; abstract.

    Gradients for z go to the encoder's features unchanged (straight-through).

    Attributes:
        num_codes: number of vectors that each position chooses from; a tuple of one for each position where
            these differ.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
    """

    space = "codes"
    explicit_density = False
    draws_at_random = False
    needs_terms = ("codebook", "commitment")
    num_codes: int | tuple[int, ...]
    code_dim: int
    num_positions: int

    @property
    def noise_dim(self) -> int:
        """One number, which is not used."""
        return 1

    @abc.abstractmethod
    def codes(self, params: Tensors) -> Tensor:
        """Return the codes, int32 [B, num_positions]."""

    @abc.abstractmethod
    def straight_through(self, params: Tensors) -> Tensor:
        """Return z, [B, latent_dim], whose gradients go to the features (straight-through)."""

    @abc.abstractmethod
    def embed(self, codes: Tensor) -> Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions]."""

    @abc.abstractmethod
    def nearest(self, z: Tensor) -> Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""

    @abc.abstractmethod
    def codebook_loss(self, params: Tensors) -> Tensor:
        """Return the loss that moves the vectors toward the features, [B]."""

    @abc.abstractmethod
    def commitment_loss(self, params: Tensors) -> Tensor:
        """Return the loss that moves the features toward the vectors, [B]."""

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the point z, with probability 1."""
        return tfd.Independent(tfd.Deterministic(self.location(params)), 1)

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location" [B, latent_dim], "codes" int32 [B, num_positions]}."""
        return {"location": self.location(params), "codes": self.codes(params)}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z S times, for any noise, and zeros: the log probability of the codes."""
        z = self.straight_through(params)
        samples, batch = tf.shape(noise)[0], tf.shape(z)[0]
        return tf.broadcast_to(z, (samples, batch, self.latent_dim)), tf.zeros((samples, batch))
