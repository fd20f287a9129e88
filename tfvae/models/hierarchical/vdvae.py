"""The very deep VAE: many layers of latent variables, from a coarse image to a fine one."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor
from tfvae.likelihoods import Likelihood
from tfvae.models.hierarchical.base import HierarchicalModel, LatentLayer, tiled
from tfvae.models.hierarchical.residual_pyramid import ResidualPyramid
from tfvae.models.hierarchical.top_down import TopDownDecoder
from tfvae.objectives import ELBO, Objective


class VDVAE(HierarchicalModel):
    """p(x, z) = p(x|z) prod_l p(z_l|z_{l+1}..z_L), with q(z|x) = prod_l q(z_l|x, z_{l+1}..z_L).

    Both go down one path of residual blocks, whose state has seen all layers above; q also sees the image's
    features at that resolution. Every layer's rate is in closed form, given the layers above it.

    Training can break off where one step's gradient is far out of size. With one replica give the optimizer
    a bound, as in `tfvae.optimizers.Adam(2e-4, global_clipnorm=200.0)`; with several, `clipvalue`. Steps are
    not skipped here, as the paper does above a larger bound.

    Args:
        encoder: features of the image at every resolution.
        generator: the way down, of the same resolutions and width.
        likelihood: layer from the last state to p(x|z).
        objective: what training minimizes; None is `ELBO()`. Its free bits are for each layer here.
        seed: start of the training noise; None takes it from Python's random numbers.

    Source: Child 2021.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.vdvae((8, 8, 1), width=8)
        >>> model.layer_rates(tf.ones((5, 8, 8, 1))).shape
        (5, 5)
    """

    decoded_at_once = 1024  # the states of so many images at every layer are in memory together

    def __init__(
        self,
        encoder: ResidualPyramid,
        generator: TopDownDecoder,
        likelihood: Likelihood,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(ELBO() if objective is None else objective, seed, name, dtype)
        self.encoder = encoder
        self.generator = generator
        self.likelihood = likelihood
        for attribute in ("shape", "factors", "width"):
            expected, received = (getattr(part, attribute) for part in (encoder, generator))
            if expected != received:
                raise InvalidInput("generator", f"the encoder's {attribute} {expected}", received)
        self.objective.check(self)
        self.build(self.input_shapes)

    @property
    def posterior(self) -> TopDownDecoder:
        """The way down, which q takes as well."""
        return self.generator

    @property
    def prior(self) -> TopDownDecoder:
        """The way down."""
        return self.generator

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, the last drawn first."""
        return self.generator.dims

    def build(self, input_shape: Any) -> None:
        """Make the weights of the likelihood; the blocks have theirs."""
        seen = self.likelihood.encoder_shape
        if seen != self.encoder.shape:
            raise InvalidInput("encoder", f"one for images {seen}", self.encoder.shape)
        self.likelihood(keras.KerasTensor((None, *seen[:2], self.generator.width)))
        self.finish_build()

    def infer(self, x: Tensor, noise: list[Tensor], copies: int | Tensor) -> tuple[list[LatentLayer], Tensor]:
        """Go down with z from q."""
        seen = [tiled(value, copies) for value in self.encoder(x, training=TRAINING.get())]
        layers: dict[int, LatentLayer] = {}

        def choose(place: int, state: Tensor, p: tfd.Independent) -> Tensor:
            level = self.generator.levels[place]
            q = self.generator.stochastic[place].posterior(state, seen[level])
            z = q.distribution.loc + q.distribution.scale * noise[place]
            layers[place] = LatentLayer(q, p, z)
            return z

        features = self.generator.walk(tf.shape(noise[0])[0], choose)
        return [layers[place] for place in range(len(noise))], features

    def generate(self, noise: list[Tensor]) -> list[Tensor]:
        """Go down with z from p."""
        found = [None] * len(noise)

        def choose(place: int, state: Tensor, p: tfd.Independent) -> Tensor:
            found[place] = p.distribution.loc + p.distribution.scale * noise[place]
            return found[place]

        self.generator.walk(tf.shape(noise[0])[0], choose)
        return found

    def follow(self, z: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Go down with the given z."""
        log_p = [None] * len(z)

        def choose(place: int, state: Tensor, p: tfd.Independent) -> Tensor:
            log_p[place] = p.log_prob(z[place])
            return z[place]

        features = self.generator.walk(tf.shape(z[0])[0], choose)
        return log_p, features
