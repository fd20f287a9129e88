"""What models with several layers of latent variables share."""

from __future__ import annotations

import abc
import dataclasses
import functools

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import Inputs, Tensor, Tensors
from tfvae.models.base import LatentModel


class LayeredPosterior:
    """What objectives ask of q over z = (z_1, ..., z_L); mixed into a part."""

    space = "real"
    has_density = True
    reparameterized = True
    explicit_density = False  # between the conditionals are networks, so no parameters say it all
    has_covariance = False
    has_location = False
    independent_draws = True
    needs_terms: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class LatentLayer:
    """One layer of one pass: the two conditionals, given the layers drawn before, and the draw.

    Attributes:
        q: q(z_l | what inference goes by), independent normals, batch shape [N].
        p: p(z_l | layers above), independent normals, batch shape [N] or [].
        z: the draw, [N, d].
        closed: whether p is known before z_l is drawn, so that KL(q || p) has a closed form.
    """

    q: tfd.Independent
    p: tfd.Independent
    z: Tensor
    closed: bool = True

    def tensors(self) -> Tensors:
        """Return what a record keeps: parameters and draw [N, d], log densities and rate [N, 1]."""
        q, p = self.q.distribution, self.p.distribution
        log_q, log_p = self.q.log_prob(self.z), self.p.log_prob(self.z)
        rate = tfd.kl_divergence(self.q, self.p) if self.closed else log_q - log_p
        return {
            "loc": q.loc,
            "scale": q.scale,
            "prior_loc": tf.broadcast_to(p.loc, tf.shape(self.z)),
            "prior_scale": tf.broadcast_to(p.scale, tf.shape(self.z)),
            "z": self.z,
            "log_q": log_q[:, tf.newaxis],
            "log_p": log_p[:, tf.newaxis],
            "rates": rate[:, tf.newaxis],
        }


class HierarchicalTrace(Trace):
    """A trace whose z is the layers joined, z_1 first.

    `q` and `p` are the products of the conditionals along this draw, batch shape [S, B]: densities at this z
    and no other.
    """

    @functools.cached_property
    def log_p(self) -> Tensor:
        """Sum over the layers of log p(z_l | layers above), [S, B]."""
        return tf.reduce_sum(self.record["log_p"], axis=-1)

    @functools.cached_property
    def rates(self) -> Tensor:
        """The rate of each layer, mean over the samples, [B, L]."""
        return tf.reduce_mean(self.record["rates"], axis=0)


class HierarchicalModel(LatentModel):
    """p(x|z) prod_l p(z_l | layers above), with diagonal normal conditionals in p and q; abstract.

    To all that asks for one z, it is the layers joined, z_1 first. A subclass works on N = S B rows, one for
    every draw of every example.
    """

    posterior: LayeredPosterior

    @property
    @abc.abstractmethod
    def layer_dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""

    @abc.abstractmethod
    def infer(self, x: Tensor, noise: list[Tensor], copies: int | Tensor) -> tuple[list[LatentLayer], Tensor]:
        """Draw all layers from q(z|x).

        Args:
            x: data [B, *event].
            noise: standard normal noise of each layer, [N, d_l], N = copies B, the batch in turn.
            copies: S, draws for each example.

        Returns:
            The layers, z_1 first, and the features [N, ...] that the likelihood takes.
        """

    @abc.abstractmethod
    def generate(self, noise: list[Tensor]) -> list[Tensor]:
        """Draw all layers from p(z), z_l = loc + scale noise_l, [N, d_l]."""

    @abc.abstractmethod
    def follow(self, z: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return log p(z_l | layers above), each [N], and the likelihood's features for layers [N, d_l]."""

    @property
    def latent_dim(self) -> int:
        """Entries of all layers together."""
        return sum(self.layer_dims)

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""
        return self.latent_dim

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw standard normal noise, [num_samples, batch, latent_dim]."""
        return tf.random.stateless_normal((num_samples, batch, self.latent_dim), seed)

    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Infer the layers and decode."""
        leading = (tf.shape(noise)[0], tf.shape(inputs["x"])[0])
        noise = tf.broadcast_to(noise, (*leading, self.latent_dim))
        layers, features = self._infer(inputs["x"], noise)
        tensors = _unfolded(_joined(layers), leading)
        likelihood = _unfolded(self.likelihood(features, training=TRAINING.get()), leading)
        posterior = {name: tensors[name] for name in ("loc", "scale")}
        log_q = tf.reduce_sum(tensors["log_q"], axis=-1)
        return {**tensors, "posterior": posterior, "log_q": log_q, "likelihood": likelihood}

    def assemble(self, inputs: Tensors, record: dict) -> HierarchicalTrace:
        """Make the distributions of a record again."""
        return HierarchicalTrace(
            x=inputs["x"],
            given=self.given(inputs),
            q=tfd.Independent(tfd.Normal(record["loc"], record["scale"]), 1),
            p=tfd.Independent(tfd.Normal(record["prior_loc"], record["prior_scale"]), 1),
            px=self.likelihood.distribution(record["likelihood"]),
            z=record["z"],
            log_q=record["log_q"],
            record=record,
            seed=record.get("seed"),
        )

    def retrace(self, trace: Trace, z: Tensor, log_q: Tensor) -> Trace:
        """Return the trace of the same pass with other draws z [S, B, latent_dim] and their log q [S, B]."""
        leading = (tf.shape(z)[0], tf.shape(z)[1])
        log_p, features = self.follow(self._split(tf.reshape(z, (leading[0] * leading[1], self.latent_dim))))
        changed = _unfolded(
            {"log_p": tf.stack(log_p, axis=-1), **self.likelihood(features, training=TRAINING.get())}, leading
        )
        record = {
            **trace.record,
            "z": z,
            "log_q": log_q,
            "log_p": changed.pop("log_p"),
            "likelihood": changed,
        }
        return dataclasses.replace(
            trace, z=z, log_q=log_q, px=self.likelihood.distribution(changed), record=record
        )

    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return z ~ p(z), all layers, [B, latent_dim], of standard normal noise of that shape."""
        return tf.concat(self.generate(self._split(noise)), axis=-1)

    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Tensor:
        """Return E[x|z], [B, *event], for all layers joined, [B, latent_dim]."""
        features = self.follow(self._split(z))[1]
        return self.likelihood.mean(self.likelihood(features, training=TRAINING.get()))

    def sample_at(self, temperature: float, num_samples: int = 1, seed: int = 0) -> np.ndarray:
        """Return E[x|z], [num_samples, *event], for z drawn with every scale of p multiplied.

        z_l = loc(layers above) + temperature scale(layers above) noise

        1 is `sample`; 0 is the one path on which every layer is the mean of its conditional; below 1 the
        samples are nearer to it and less varied.

        Args:
            temperature: at least 0.
            num_samples: how many.
            seed: start of the random numbers; those of `sample`.

        Source: Child 2021, whose samples at a reduced temperature these are.
        """
        for argument, value, least in (("temperature", temperature, 0), ("num_samples", num_samples, 1)):
            if not value >= least:
                raise InvalidInput(argument, f"a number of at least {least}", value)
        noise = tf.random.stateless_normal((num_samples, self.prior_noise_dim), as_seed(seed))
        return self.decoded_mean(self.prior_draw(temperature * noise)).numpy()

    def layer_rates(
        self, inputs: Inputs, num_samples: int = 1, seed: int = 0, batch_size: int = 512
    ) -> np.ndarray:
        """Return the rate of each layer, [B, L] nats, z_1 first; their sum over L is the rate in `elbo`.

        Args as in `elbo`.
        """
        self._check_bound("layer_rates", num_samples)
        function = functools.partial(self._layer_rates, tf.constant(num_samples))
        return self._evaluate(function, inputs, seed, batch_size)

    @tf.function(reduce_retracing=True, autograph=False)
    def _layer_rates(self, num_samples: Tensor, inputs: Tensors, seed: Tensor) -> Tensor:
        return self.draw_trace(inputs, num_samples, seed).rates

    def latent(self, inputs: Tensors) -> Tensor:
        """Return the path on which every layer is the location of its q given those before it."""
        return self.posterior_summary(inputs)["location"]

    def posterior_summary(self, inputs: Tensors) -> Tensors:
        """Return {"location", "scale"} of all layers on the path of locations, each [B, latent_dim]."""
        still = tf.zeros((1, tf.shape(inputs["x"])[0], self.latent_dim))
        tensors = _joined(self._infer(inputs["x"], still)[0])
        return {"location": tensors["loc"], "scale": tensors["scale"]}

    def _infer(self, x: Tensor, noise: Tensor) -> tuple[list[LatentLayer], Tensor]:
        copies = tf.shape(noise)[0]
        rows = tf.reshape(noise, (copies * tf.shape(x)[0], self.latent_dim))
        return self.infer(self.likelihood.encoder_input(x), self._split(rows), copies)

    def _split(self, joined: Tensor) -> list[Tensor]:
        return tf.split(joined, self.layer_dims, axis=-1)


def _joined(layers: list[LatentLayer]) -> Tensors:
    tensors = [layer.tensors() for layer in layers]
    return {name: tf.concat([each[name] for each in tensors], axis=-1) for name in tensors[0]}


def _unfolded(values: Tensors, leading: tuple) -> Tensors:
    return {
        name: tf.reshape(value, tf.concat([leading, tf.shape(value)[1:]], 0))
        for name, value in values.items()
    }


def tiled(value: Tensor, copies: int | Tensor) -> Tensor:
    """Return [copies B, ...], the batch in turn.

    Example:
        >>> tiled(tf.constant([[1.0], [2.0]]), 2).numpy().ravel()
        array([1., 2., 1., 2.], dtype=float32)
    """
    return tf.tile(value, tf.concat([[copies], tf.ones(value.shape.rank - 1, tf.int32)], 0))
