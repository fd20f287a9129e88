"""What a posterior is."""

from __future__ import annotations

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.part import Part

tfd = tfp.distributions


class Posterior(Part, abc.ABC):
    """q(z|x): from features h of shape [B, ...] to a distribution over z; abstract.

    A posterior is a transformation of base noise: z = transform(params, noise). The noise is an
    argument, so that the same posterior draws at random in training, repeats from a seed in
    evaluation, and is a fixed function of its input in an export.
    """

    latent_dim: int

    @abc.abstractmethod
    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the parameters of q, tensors [B, ...] in float32."""

    @abc.abstractmethod
    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""

    @abc.abstractmethod
    def location(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the one latent point that stands for q(z|x), [B, latent_dim]."""

    def summary(self, params: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what an export says of q(z|x): named tensors [B, ...], `location` among them."""
        return {"location": self.location(params)}

    @abc.abstractmethod
    def noise(self, shape: tuple, seed: tf.Tensor) -> tf.Tensor:
        """Draw base noise of shape [*shape, ...] from an int32 [2] seed."""

    @abc.abstractmethod
    def transform(self, params: dict[str, tf.Tensor], noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z [S, B, latent_dim] and log q(z|x) [S, B] for noise [S, B, ...] or [S, 1, ...]."""
