"""A hierarchy of latent variables between two networks: the top-down chain p and two ways to infer it."""

from __future__ import annotations

import itertools

import keras
import tensorflow as tf

from tfvae.errors import InvalidInput
from tfvae.likelihoods import Likelihood
from tfvae.models.inference import Inference
from tfvae.models.layered import Layer, LayeredModel
from tfvae.objectives import ELBO, Objective
from tfvae.part import Part
from tfvae.priors import Conditional, Prior, StandardNormal


class Chain(Part):
    """p(z) = p(z_L) prod_l p(z_l | z_{l+1}), diagonal normals.

    Args:
        levels: p(z_1|z_2), ..., p(z_{L-1}|z_L), each `priors.Conditional`, and p(z_L), a
            `priors.StandardNormal`.

    Source: Sonderby et al. 2016.

    Example:
        >>> import tfvae
        >>> below = tfvae.priors.Conditional(4, tfvae.networks.mlp((8,)), condition_dim=2)
        >>> chain = Chain([below, StandardNormal(2)])
        >>> [tuple(z.shape) for z in chain.draw([tf.zeros((5, 4)), tf.zeros((5, 2))])]
        [(5, 4), (5, 2)]
    """

    def __init__(self, levels: list[Prior], *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.levels = list(levels)
        kinds = [type(level) for level in self.levels]
        if kinds != [Conditional] * (len(kinds) - 1) + [StandardNormal]:
            received = [kind.__name__ for kind in kinds]
            raise InvalidInput("levels", "Conditional priors, then a StandardNormal on top", received)
        for level, above in itertools.pairwise(self.levels):
            if level.condition_dim != above.latent_dim:
                raise InvalidInput(
                    "levels",
                    f"condition_dim {above.latent_dim}, that of the level above",
                    level.condition_dim,
                )

    @property
    def dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""
        return tuple(level.latent_dim for level in self.levels)

    def conditional(self, index: int, z: list[tf.Tensor | None]) -> object:
        """Return p(z_l | z_{l+1}) of the layer at `index`, for layers of which those above are there."""
        above = z[index + 1] if index + 1 < len(self.levels) else None
        return self.levels[index].distribution(condition=above)

    def draw(self, noise: list[tf.Tensor]) -> list[tf.Tensor]:
        """Return all layers, z_l = loc + scale noise_l, [N, d_l]."""
        z, above = [], None
        for level, row in zip(reversed(self.levels), reversed(noise), strict=True):
            above = level.transform(row, condition=above)
            z.insert(0, above)
        return z


class HierarchicalVAE(LayeredModel):
    """p(x, z) = p(x|z_1) p(z_1|z_2) ... p(z_L), trained with an approximate posterior q(z_1..z_L|x).

    With one layer it is `VAE` with the posterior `Normal`.

    Args:
        inference: q(z|x): `BottomUp` or `Ladder`.
        prior: p(z), a `Chain` over layers of the same sizes.
        decoder: network from z_1 [B, d_1] to features.
        likelihood: layer from the decoder's features to p(x|z_1).
        objective: what training minimises; None is `ELBO()`. Its free bits are for each layer here.
        seed: start of the training noise; None takes it from Python's random numbers.

    Source: Sonderby et al. 2016.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.ladder_vae((4,), latent_dims=(3, 2))
        >>> model.layer_rates(tf.ones((5, 4))).shape
        (5, 2)
    """

    def __init__(
        self,
        inference: Inference,
        prior: Chain,
        decoder: keras.Layer,
        likelihood: Likelihood,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(ELBO() if objective is None else objective, seed, name, dtype)
        self.inference = inference
        self.prior = prior
        self.decoder = decoder
        self.likelihood = likelihood
        if inference.dims != prior.dims:
            raise InvalidInput(
                "prior", f"layers of the sizes of the posterior's {inference.dims}", prior.dims
            )
        self.objective.check(self)
        self.build(self.input_shapes)

    @property
    def posterior(self) -> Inference:
        """The way of inference."""
        return self.inference

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""
        return self.prior.dims

    def build(self, input_shape: tuple) -> None:
        """Make the weights of the networks and the parts."""
        seen = keras.ops.shape(self.likelihood.encoder_input(tf.zeros((1, *self.event_shape))))
        self.inference.prepare(seen[1:])
        self.likelihood(self.decoder(keras.KerasTensor((None, self.layer_dims[0]))))
        self.objective.prepare(self)
        self.built = True

    def infer(
        self, x: tf.Tensor, noise: list[tf.Tensor], copies: int | tf.Tensor
    ) -> tuple[list[Layer], tf.Tensor]:
        """Draw all layers from q, and decode z_1."""
        layers = self.inference.infer(x, self.prior, noise, copies)
        return layers, self.decoder(layers[0].z)

    def generate(self, noise: list[tf.Tensor]) -> list[tf.Tensor]:
        """Draw all layers from p."""
        return self.prior.draw(noise)

    def follow(self, z: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the densities of the chain, and decode z_1."""
        log_p = [self.prior.conditional(index, z).log_prob(z[index]) for index in range(len(z))]
        return log_p, self.decoder(z[0])
