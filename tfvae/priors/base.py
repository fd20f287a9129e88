"""What a prior is."""

from __future__ import annotations

import abc
from collections.abc import Callable

from tensorflow_probability import distributions as tfd

from tfvae.core.part import Part
from tfvae.core.types import InputShape, Shape, Tensor
from tfvae.posteriors import Encoded, Posterior

Encode = Callable[[Tensor], Encoded]


class Prior(Part, abc.ABC):
    """p(z): a new distribution, from the current weights, at each call; abstract.

    Attributes:
        latent_dim: number of entries of z.
        space: where z lies, as for a posterior: "real", "sphere", "simplex", "one-hot" or "codes".
        needs_condition: whether it is p(z|c), and so only for models with a condition.
        needs_encoder: whether it is a mixture of posteriors q(z|u), and so only for models without a
            condition.
    """

    latent_dim: int
    space = "real"
    needs_condition = False
    needs_encoder = False

    @property
    def output_shape(self) -> InputShape:
        """The shape of z for a batch, which `summary()` shows."""
        return (None, self.latent_dim)

    def noise_dim(self, posterior: Posterior) -> int:
        """Return how many standard normal numbers one draw takes in a model with this posterior."""
        return self.latent_dim

    @abc.abstractmethod
    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return p(z), batch shape [] or [B].

        Args:
            encode: the model's map from data [K, *event] to q(z|x), for priors that are mixtures of
                posteriors.
            condition: what the model is conditioned on, [B, ...], for priors that depend on it.
        """

    @abc.abstractmethod
    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return draws z [B, latent_dim] from p(z).

        Args:
            noise: standard normal, [B, noise_dim].
            encode: as in `distribution`.
            condition: as in `distribution`.
        """

    def attach(self, posterior: Posterior) -> None:
        """Take what this prior needs of the posterior, once, when the model is made; most need nothing.

        Args:
            posterior: the posterior of the model.

        Raises:
            InvalidInput: for a posterior that does not go with this prior.
        """

    def prepare(self, event_shape: Shape) -> None:
        """Make the weights that depend on the shape of the data; most priors have none.

        Args:
            event_shape: shape of one example.
        """
