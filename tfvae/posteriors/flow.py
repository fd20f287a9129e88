"""What the posteriors that transform a diagonal Gaussian by a flow share."""

from __future__ import annotations

import abc
import functools
import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, real_number
from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import Pushforward
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior


class FlowPosterior(Posterior, abc.ABC):
    """q(z|x) of z = f_K(... f_1(z_0)), z_0 ~ N(loc(x), diag scale(x)^2); abstract.

    log q(z|x) = log N(z_0; loc, scale^2) - sum_k log |det f_k'|

    The parameters are {"loc", "scale"}, each [B, latent_dim], and those of the flow.

    Args:
        latent_dim: number of latent dimensions.
        num_flows: number of steps K.
        floor: smallest scale of the Gaussian.

    Source: Rezende and Mohamed 2015, equations 6 and 7.
    """

    def __init__(
        self,
        latent_dim: int,
        num_flows: int,
        floor: float = 1e-4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.num_flows = integer("num_flows", num_flows)
        self.floor = real_number("floor", floor, at_least=0)

    @abc.abstractmethod
    def flow_head(self) -> Head:
        """Return the projection, not yet built, from flat features to the flow's parameters."""

    @abc.abstractmethod
    def flow_params(self, raw: Tensor) -> Tensors:
        """Return the flow's parameters, tensors [B, ...], for the output of its head."""

    @abc.abstractmethod
    def forward(self, params: Tensors, start: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/dz_0| for z_0 [..., B, latent_dim]."""

    @abc.abstractmethod
    def inverse(self, params: Tensors, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_0 and log |det dz/dz_0| for z [..., B, latent_dim]."""

    def build(self, input_shape: InputShape) -> None:
        """Make the two projections from flat features."""
        flat = (input_shape[0], num_features(input_shape))
        self.base_head = Head((self.latent_dim,), 2, name="base_head", dtype=self.dtype_policy)
        self.base_head.build(flat)
        self.steps_head = self.flow_head()
        self.steps_head.build(flat)

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc", "scale"}, each [B, latent_dim], and the flow's parameters."""
        flat = flatten(inputs)
        loc, raw_scale = tf.unstack(self.base_head(flat), axis=-1)
        scale = self.floor + softplus(raw_scale)
        return {"loc": loc, "scale": scale, **self.flow_params(self.steps_head(flat))}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of z, whose density at any point inverts the flow."""
        return Pushforward(
            tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1),
            functools.partial(self.forward, params),
            functools.partial(self.inverse, params),
        )

    def location(self, params: Tensors) -> Tensor:
        """Return the flow of the Gaussian's mean, [B, latent_dim]."""
        return self.forward(params, params["loc"])[0]

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the flow of z_0 = loc + scale noise, and its log density."""
        terms = 0.5 * tf.square(noise) + tf.math.log(params["scale"]) + 0.5 * math.log(2 * math.pi)
        z, log_det = self.forward(params, params["loc"] + params["scale"] * noise)
        return z, -tf.reduce_sum(terms, axis=-1) - log_det
