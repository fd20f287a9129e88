"""The prior that is a flow of standard normal noise."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions, flows
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor
from tfvae.priors.base import Encode, Prior


class Flow(Prior):
    """p(z): z = f(u) with u ~ N(0, I) and a trained bijection f.

    log p(z) = log N(u; 0, I) - log |det dz/du|,  u = f^-1(z)

    Args:
        latent_dim: number of latent dimensions.
        flow: the bijection, one of `tfvae.flows` of the same dimension.

    Source: Chen et al. 2017 (variational lossy autoencoder), section 3.2.

    Example:
        >>> prior = Flow(2, flows.RealNVP(2, hidden=(8,)))
        >>> prior.distribution().log_prob(tf.zeros([5, 2])).shape
        TensorShape([5])
    """

    def __init__(self, latent_dim: int, flow: flows.Flow, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        if not isinstance(flow, flows.Flow):
            raise InvalidInput("flow", "one of tfvae.flows", repr(flow))
        if flow.latent_dim != latent_dim:
            raise InvalidInput("flow", f"one of dimension {latent_dim}", flow.latent_dim)
        self.flow = flow

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the flow's distribution of standard normal noise, batch shape []."""
        base = tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), tf.ones(self.latent_dim)), 1)
        return distributions.Pushforward(base, self.flow.forward, self.flow.inverse, name="FlowPrior")

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return f(noise)."""
        return self.flow.forward(noise)[0]
