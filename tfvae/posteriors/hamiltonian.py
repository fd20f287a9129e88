"""The posterior of Hamiltonian steps, along the model's own gradient."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, integers, positive, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded, softplus
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import Pushforward
from tfvae.flows.perceptron import TanhPerceptron, as_float32
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior

Point = tuple[Tensor, Tensor]


class Hamiltonian(Posterior):
    """A diagonal Gaussian moved by leapfrog steps along the gradient of log p(x, z).

    z_0 ~ N(loc(x), scale(x)^2), v_0 ~ N(0, M), and `num_steps` times
    v += step/2 F(z);  z += step v / M;  v += step/2 F(z),  F = g / sqrt(1 + |g / largest_force|^2),
    g = grad_z log p(x, z)

    `draw` returns z_T and log_q = log q(z_0|x) + log q(v_0) - log r(v_T|x, z_T), with r a Gaussian from a
    small network. The steps have unit Jacobian for any F, so that the mean of log p(x, z_T) - log_q is
    the auxiliary lower bound, and the mean of its exponential is p(x). Bounding the force keeps both.

    Without the model there are no steps: `transform`, `distribution` and `location` are those of the start
    of the chain, z_0, with its own density. M, the step size and r's network are learned.

    Args:
        latent_dim: number of latent dimensions.
        num_steps: number of leapfrog steps T; each takes one gradient of the model.
        initial_step: initial step size.
        largest_step: bound of the step size, which is learned between 0 and this.
        largest_force: bound of the length of the force, in nats per unit of z.
        hidden: sizes of the hidden layers, tanh, of the network of r.
        context_dim: size of the projection of the encoder's features that this network takes.
        floor: smallest scale of the Gaussian.

    Source: Salimans, Kingma and Welling 2015, section 4.

    Example:
        >>> posterior = Hamiltonian(2, num_steps=2, hidden=(8,), context_dim=4)
        >>> params = posterior(tf.ones([5, 3]))
        >>> noise = posterior.noise((7, 5), seed=(1, 2))
        >>> z, log_q = posterior.draw(params, noise, lambda z: -0.5 * tf.reduce_sum(z**2, -1))
        >>> z.shape, log_q.shape
        (TensorShape([7, 5, 2]), TensorShape([7, 5]))
    """

    explicit_density = False  # z_T has a density together with v_T alone

    def __init__(
        self,
        latent_dim: int,
        num_steps: int = 3,
        initial_step: float = 0.05,
        largest_step: float = 0.5,
        largest_force: float = 100.0,
        hidden: tuple[int, ...] = (64,),
        context_dim: int = 32,
        floor: float = 1e-4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.num_steps = integer("num_steps", num_steps)
        self.largest_step = positive("largest_step", largest_step)
        if not 0 < initial_step < largest_step:
            raise InvalidInput("initial_step", f"a number between 0 and {largest_step}", initial_step)
        self.initial_step = positive("initial_step", initial_step)
        self.largest_force = positive("largest_force", largest_force)
        self.hidden = integers("hidden", hidden)
        self.context_dim = integer("context_dim", context_dim)
        self.floor = real_number("floor", floor, at_least=0)
        start = math.log(initial_step / (largest_step - initial_step))
        self.raw_step = self.add_weight(
            name="raw_step", shape=(), initializer=keras.initializers.Constant(start), autocast=False
        )
        self.raw_mass = self.add_weight(
            name="raw_mass", shape=(latent_dim,), initializer="zeros", autocast=False
        )
        self.reverse_network = TanhPerceptron(
            latent_dim + context_dim,
            2 * latent_dim,
            self.hidden,
            name="reverse_network",
            dtype=self.dtype_policy,
        )

    @property
    def noise_dim(self) -> int:
        """latent_dim numbers for z_0 and as many for v_0."""
        return 2 * self.latent_dim

    def build(self, input_shape: InputShape) -> None:
        """Make the projections from flat features to the start and to the context of r."""
        flat = (input_shape[0], num_features(input_shape))
        self.start_head = Head((self.latent_dim,), 2, name="start_head", dtype=self.dtype_policy)
        self.start_head.build(flat)
        self.context_head = Head((self.context_dim,), 1, name="context_head", dtype=self.dtype_policy)
        self.context_head.build(flat)

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc", "scale"}, each [B, latent_dim], and {"context"}, [B, context_dim]."""
        flat = flatten(inputs)
        loc, raw_scale = tf.unstack(self.start_head(flat), axis=-1)
        context = self.context_head(flat)[..., 0]
        return {"loc": loc, "scale": self.floor + softplus(raw_scale), "context": context}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the start of the chain, N(loc, scale^2), of a type without a closed-form KL.

        The rate of the whole chain is an estimate from its draws; the KL of the start is another number.
        """
        return Pushforward(_normal(params), _identity, _identity, name="StartOfChain")

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of the start of the chain, [B, latent_dim]."""
        return params["loc"]

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the start of the chain, z_0 = loc + scale noise, and log q(z_0|x).

        The second half of the noise is the momentum's and is not used here.
        """
        z = params["loc"] + params["scale"] * noise[..., : self.latent_dim]
        return z, _normal(params).log_prob(z)

    def draw(
        self,
        params: Tensors,
        noise: Tensor,
        log_joint: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Return z_T [S, B, latent_dim] and log q(z_0|x) + log q(v_0) - log r(v_T|x, z_T), [S, B]."""
        start, log_q = self.transform(params, noise)
        momentum = self.momentum()
        speed = momentum.distribution.scale * noise[..., self.latent_dim :] + tf.zeros_like(start)
        log_q += momentum.log_prob(speed)
        z, speed = self.leapfrog((start, speed), log_joint)
        return z, log_q - self.reverse(params, z).log_prob(speed)

    def momentum(self) -> tfd.Distribution:
        """Return q(v_0) = N(0, M), with sqrt(M) between exp(-2) and exp(2)."""
        scale = tf.exp(bounded(as_float32(self.raw_mass), 2.0))
        return tfd.Independent(tfd.Normal(tf.zeros_like(scale), scale), 1)

    def reverse(self, params: Tensors, z: Tensor) -> tfd.Distribution:
        """Return r(v_T|x, z_T), which starts close to N(0, M), for z_T [S, B, latent_dim]."""
        context = params["context"] + tf.zeros_like(z[..., :1])
        loc, log_scale = tf.split(self.reverse_network(tf.concat([z, context], -1)), 2, axis=-1)
        scale = self.momentum().distribution.scale * tf.exp(bounded(log_scale, 2.0))
        return tfd.Independent(tfd.Normal(loc, scale), 1)

    def leapfrog(self, point: Point, log_joint: Callable[[Tensor], Tensor]) -> Point:
        """Return (z_T, v_T) from (z_0, v_0). From (z_T, -v_T) the steps lead back to (z_0, -v_0)."""
        z, speed = point
        step = self.largest_step * tf.sigmoid(as_float32(self.raw_step))
        mass = tf.square(self.momentum().distribution.scale)
        force = self._force(z, log_joint)
        for _ in range(self.num_steps):
            speed += 0.5 * step * force
            z += step * speed / mass
            force = self._force(z, log_joint)
            speed += 0.5 * step * force
        return z, speed

    def _force(self, z: Tensor, log_joint: Callable[[Tensor], Tensor]) -> Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            value = log_joint(z)
        gradient = tape.gradient(value, z) / self.largest_force
        return (
            self.largest_force
            * gradient
            * tf.math.rsqrt(1.0 + tf.reduce_sum(tf.square(gradient), -1, keepdims=True))
        )


def _normal(params: Tensors) -> tfd.Distribution:
    return tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1)


def _identity(z: Tensor) -> tuple[Tensor, Tensor]:
    return z, tf.zeros(tf.shape(z)[:-1])
