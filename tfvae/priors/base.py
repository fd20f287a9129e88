"""What a prior is."""

from __future__ import annotations

import abc
from collections.abc import Callable

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.part import Part
from tfvae.core.trace import Trace
from tfvae.posteriors import Encoded, Posterior

Encode = Callable[[tf.Tensor], Encoded]


class Prior(Part, abc.ABC):
    """p(z): a distribution made anew, from the current weights, at each call; abstract.

    Attributes:
        latent_dim: number of entries of z.
        space: where z lies, as the posterior says it: "real", "sphere", "simplex", "one-hot" or "codes".
        needs_condition: whether it is p(z|c), and so for models with a condition alone.
        needs_encoder: whether it is made of posteriors q(z|u), and so for models without a condition.
    """

    latent_dim: int
    space = "real"
    needs_condition = False
    needs_encoder = False

    def noise_dim(self, posterior: Posterior) -> int:
        """Return how many standard normal numbers one draw takes beside this posterior."""
        return self.latent_dim

    @abc.abstractmethod
    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return p(z), batch shape [] or [B].

        Args:
            encode: the model's map from data [K, *event] to q(z|x), for priors that are mixtures of
                posteriors.
            condition: what the model is conditioned on, [B, ...], for priors that depend on it.
        """

    @abc.abstractmethod
    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Turn standard normal noise [B, noise_dim] into draws z [B, latent_dim] from p(z)."""

    def attach(self, posterior: Posterior) -> None:
        """See the posterior it goes with, once, when the model is made; most priors need not."""

    def prepare(self, event_shape: tuple[int, ...]) -> None:
        """Make the weights that depend on the shape of the data; most priors have none."""

    def observe(self, trace: Trace, training: bool) -> None:
        """See a batch, to update weights that no gradient reaches; most have none.

        Args:
            trace: the record of the pass.
            training: whether the batch is one of training, and not of evaluation.
        """
