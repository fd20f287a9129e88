"""A hierarchy of latent variables between two networks: the top-down chain p and two ways to infer it."""

from __future__ import annotations

from typing import Any

import keras

from tfvae.core.errors import InvalidInput
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor
from tfvae.likelihoods import Likelihood
from tfvae.models.hierarchical.base import HierarchicalModel, LatentLayer
from tfvae.models.hierarchical.inference import HierarchicalInference
from tfvae.models.hierarchical.markov_prior import MarkovPrior
from tfvae.objectives import ELBO, Objective


class HierarchicalVAE(HierarchicalModel):
    """p(x, z) = p(x|z_1) p(z_1|z_2) ... p(z_L), trained with an approximate posterior q(z_1..z_L|x).

    With one layer it is `VAE` with the posterior `Normal`.

    Args:
        inference: q(z|x): `BottomUpInference` or `LadderInference`.
        prior: p(z), a `MarkovPrior` over layers of the same sizes.
        decoder: network from z_1 [B, d_1] to features.
        likelihood: layer from the decoder's features to p(x|z_1).
        objective: what training minimizes; None is `ELBO()`. Its free bits are for each layer here.
        seed: start of the training noise; None takes it from Python's random numbers.

    Source: Sonderby et al. 2016.

    Example:
        >>> import tfvae
        >>> import numpy as np
        >>> model = tfvae.zoo.ladder_vae((4,), latent_dims=(3, 2))
        >>> model.layer_rates(np.ones((5, 4))).shape
        (5, 2)
    """

    def __init__(
        self,
        inference: HierarchicalInference,
        prior: MarkovPrior,
        decoder: keras.Layer,
        likelihood: Likelihood,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
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
    def posterior(self) -> HierarchicalInference:
        """The way of inference."""
        return self.inference

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""
        return self.prior.dims

    def build(self, input_shape: Any) -> None:
        """Make the weights of the networks and the parts."""
        self.inference.prepare(self.likelihood.encoder_shape)
        self.likelihood(self.decoder(keras.KerasTensor((None, self.layer_dims[0]))))
        self.finish_build()

    def infer(self, x: Tensor, noise: list[Tensor], copies: int | Tensor) -> tuple[list[LatentLayer], Tensor]:
        """Draw all layers from q, and decode z_1."""
        layers = self.inference.infer(x, self.prior, noise, copies)
        return layers, self.decoder(layers[0].z, training=TRAINING.get())

    def generate(self, noise: list[Tensor]) -> list[Tensor]:
        """Draw all layers from p."""
        return self.prior.draw(noise)

    def follow(self, z: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return the densities of the chain, and decode z_1."""
        log_p = [self.prior.conditional(index, z).log_prob(z[index]) for index in range(len(z))]
        return log_p, self.decoder(z[0], training=TRAINING.get())
