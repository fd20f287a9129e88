"""What a posterior is."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.part import Part
from tfvae.core.trace import Trace


class Posterior(Part, abc.ABC):
    """q(z|x): from features h of shape [B, ...] to a distribution over z; abstract.

    A posterior is a transformation of base noise: z = transform(params, noise). The noise is an
    argument, so that the same posterior draws at random in training, repeats from a seed in
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
    """

    latent_dim: int
    space = "real"
    has_density = True
    reparameterized = True
    explicit_density = True
    has_covariance = False
    has_location = True

    @property
    def noise_dim(self) -> int:
        """Standard normal numbers that one draw takes."""
        return self.latent_dim

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

    def noise(self, shape: tuple, seed: tf.Tensor) -> tf.Tensor:
        """Draw standard normal noise [*shape, noise_dim] from an int32 [2] seed."""
        return tf.random.stateless_normal((*shape, self.noise_dim), seed)

    @abc.abstractmethod
    def transform(self, params: dict[str, tf.Tensor], noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z [S, B, latent_dim] and log q(z|x) [S, B] for noise [S, B, ...] or [S, 1, ...]."""

    def draw(
        self,
        params: dict[str, tf.Tensor],
        noise: tf.Tensor,
        log_joint: Callable[[tf.Tensor], tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what `transform` does; a posterior that is led by the model uses `log_joint` as well.

        Args:
            params: what the call returned.
            noise: base noise [S, B, noise_dim] or [S, 1, noise_dim].
            log_joint: from z [S, B, latent_dim] to log p(x, z) [S, B], differentiable.
        """
        return self.transform(params, noise)

    def estimate(self, loss: tf.Tensor, trace: Trace) -> tf.Tensor:
        """Return the loss [B] with the gradient of an expectation under q; as it is where z carries it."""
        return loss

    def observe(self, trace: Trace, training: bool) -> None:
        """See a batch, to update weights that no gradient reaches; most have none.

        Args:
            trace: the record of the pass.
            training: whether the batch is one of training, and not of evaluation.
        """


@dataclasses.dataclass(frozen=True)
class Encoded:
    """q(z|x) of some data: a posterior and its parameters, which a prior made of posteriors asks for."""

    posterior: Posterior
    params: dict[str, tf.Tensor]

    @property
    def distribution(self) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""
        return self.posterior.distribution(self.params)

    def draw(self, noise: tf.Tensor) -> tf.Tensor:
        """Return one z for each example, [B, latent_dim], made of noise [B, noise_dim]."""
        return self.posterior.transform(self.params, noise[tf.newaxis])[0][0]
