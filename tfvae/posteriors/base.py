"""What a posterior is."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.part import Part
from tfvae.core.trace import Trace
from tfvae.core.types import Tensor, Tensors


class Posterior(Part, abc.ABC):
    """q(z|x): from features h of shape [B, ...] to a distribution over z; abstract.

    A posterior is a transformation of base noise: z = transform(params, noise). The noise is an
    argument, so that the same posterior draws at random in training, is reproducible from a seed in
    evaluation, and is a fixed function of its input in an export.

    Attributes:
        latent_dim: number of entries of z.
        space: where z lies: "real", "sphere", "simplex" (rows of a relaxed one-hot code), "one-hot" or
            "codes"; a prior of the same space goes with it.
        has_density: whether `transform` returns log q(z|x), or nothing that a bound could use.
        reparameterized: whether gradients reach the parameters through z.
        explicit_density: whether log q(z|x) can be computed at any z, and depends on this part's weights
            through `params` alone.
        has_covariance: whether the distribution knows its mean and covariance in closed form.
        has_location: whether the location of q(z|x) follows from its parameters alone.
        independent_draws: whether the draws for one example are independent, and not stratified.
        draws_at_random: whether z varies with the noise.
        needs_terms: terms of the objective without which the posterior's weights are not learned.
    """

    latent_dim: int
    space = "real"
    has_density = True
    reparameterized = True
    explicit_density = True
    has_covariance = False
    has_location = True
    independent_draws = True
    draws_at_random = True
    needs_terms: tuple[str, ...] = ()

    @property
    def noise_dim(self) -> int:
        """Number of standard normal numbers that one draw takes."""
        return self.latent_dim

    @abc.abstractmethod
    def call(self, inputs: Tensor) -> Tensors:
        """Return the parameters of q, tensors [B, ...] in float32."""

    @abc.abstractmethod
    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""

    @abc.abstractmethod
    def location(self, params: Tensors) -> Tensor:
        """Return the latent point that represents q(z|x), such as its mean, [B, latent_dim]."""

    def summary(self, params: Tensors) -> Tensors:
        """Return what an export returns of q(z|x): named tensors [B, ...], `location` among them."""
        return {"location": self.location(params)}

    def noise(self, shape: tuple[Any, ...], seed: Tensor) -> Tensor:
        """Draw standard normal noise [*shape, noise_dim] from an int32 [2] seed."""
        return tf.random.stateless_normal((*shape, self.noise_dim), seed)

    @abc.abstractmethod
    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z [S, B, latent_dim] and log q(z|x) [S, B] for noise [S, B, ...] or [S, 1, ...]."""

    def draw(
        self,
        params: Tensors,
        noise: Tensor,
        log_joint: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Return what `transform` does; a posterior that follows the model's gradient uses `log_joint`.

        Args:
            params: what the call returned.
            noise: base noise [S, B, noise_dim] or [S, 1, noise_dim].
            log_joint: function of z [S, B, latent_dim] to log p(x, z) [S, B], differentiable.
        """
        return self.transform(params, noise)

    def estimate(self, loss: Tensor, trace: Trace) -> Tensor:
        """Return the loss [B] with the gradient of an expectation under q.

        Where z carries the gradient, as it does for a reparameterized posterior, this is the loss unchanged.
        """
        return loss


@dataclasses.dataclass(frozen=True)
class Encoded:
    """q(z|x) of some data: a posterior and its parameters, for priors that are mixtures of posteriors.

    Attributes:
        posterior: the posterior.
        params: what its call returned.
    """

    posterior: Posterior
    params: Tensors

    @property
    def distribution(self) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""
        return self.posterior.distribution(self.params)

    def draw(self, noise: Tensor) -> Tensor:
        """Return one z for each example, [B, latent_dim], for noise [B, noise_dim]."""
        return self.posterior.transform(self.params, noise[tf.newaxis])[0][0]
