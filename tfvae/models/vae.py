"""The variational autoencoder: two networks and four parts."""

from __future__ import annotations

import dataclasses
import functools

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.errors import InvalidInput
from tfvae.likelihoods import Likelihood
from tfvae.models.base import LatentModel
from tfvae.noise import as_seed
from tfvae.objectives import ELBO, Objective
from tfvae.posteriors import Encoded, Posterior
from tfvae.priors import Prior, StandardNormal
from tfvae.trace import Trace

tfd = tfp.distributions


class VAE(LatentModel):
    """p(x, z) = p(z) p(x|z), trained with an approximate posterior q(z|x).

    x -> encoder -> posterior -> q(z|x) -> z -> decoder -> likelihood -> p(x|z)

    Args:
        encoder: network from x [B, *event] to features.
        decoder: network from z [B, latent_dim] to features.
        posterior: layer from the encoder's features to q(z|x).
        likelihood: layer from the decoder's features to p(x|z).
        prior: p(z); None is `StandardNormal(posterior.latent_dim)`.
        objective: what training minimises; None is `ELBO()`.
        seed: start of the training noise; None takes it from Python's random numbers, which
            `keras.utils.set_random_seed` seeds.

    Source: Kingma and Welling 2014; Prince 2023, chapter 17.

    Example:
        >>> import tfvae
        >>> vae = tfvae.VAE(
        ...     encoder=tfvae.networks.mlp((32,)), decoder=tfvae.networks.mlp((32,)),
        ...     posterior=tfvae.posteriors.Normal(2), likelihood=tfvae.likelihoods.Bernoulli((4,)))
        >>> vae.elbo(np.ones((3, 4))).shape
        (3,)
    """

    def __init__(
        self,
        encoder: keras.Layer,
        decoder: keras.Layer,
        posterior: Posterior,
        likelihood: Likelihood,
        prior: Prior | None = None,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(ELBO() if objective is None else objective, seed, name, dtype)
        self.encoder = encoder
        self.decoder = decoder
        self.posterior = posterior
        self.likelihood = likelihood
        self.prior = StandardNormal(posterior.latent_dim) if prior is None else prior
        if self.prior.latent_dim != posterior.latent_dim:
            raise InvalidInput(
                "prior", f"the posterior's latent_dim {posterior.latent_dim}", self.prior.latent_dim
            )
        if self.prior.space != posterior.space:
            ours, theirs = (f"{type(part).__name__} ({part.space})" for part in (posterior, self.prior))
            raise InvalidInput("prior", f"one over the space of the posterior {ours}", theirs)
        if self.prior.needs_condition:
            raise InvalidInput("prior", "one without a condition", type(self.prior).__name__)
        self.objective.check(self)
        self.build((None, *self.event_shape))

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions."""
        return self.posterior.latent_dim

    def build(self, input_shape: tuple) -> None:
        """Make the weights of the networks and the parts."""
        seen = keras.ops.shape(self.likelihood.encoder_input(tf.zeros((1, *self.event_shape))))
        self.posterior(self.encoder(keras.KerasTensor((None, *seen[1:]))))
        self.likelihood(self.decoder(keras.KerasTensor((None, self.latent_dim))))
        self.prior.attach(self.posterior)
        self.prior.prepare(self.event_shape)
        self.objective.prepare(self)
        self.built = True

    def noise(self, num_samples: int | tf.Tensor, batch: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draw the posterior's base noise, [num_samples, batch, ...]."""
        return self.posterior.noise((num_samples, batch), seed)

    def record(self, inputs: dict[str, tf.Tensor], noise: tf.Tensor) -> dict:
        """Encode, draw, decode."""
        params = self._encode(inputs["x"]).params
        z, log_q = self.posterior.draw(params, noise, functools.partial(self._log_joint, inputs))
        return {"posterior": params, "z": z, "log_q": log_q, "likelihood": self._decode(z)}

    def assemble(self, inputs: dict[str, tf.Tensor], record: dict) -> Trace:
        """Make q, p and p(x|z) of the record's parameters."""
        return Trace(
            x=inputs["x"],
            condition=inputs.get("condition"),
            q=self.posterior.distribution(record["posterior"]),
            p=self.prior.distribution(encode=self._encode),
            px=self.likelihood.distribution(record["likelihood"]),
            z=record["z"],
            log_q=record["log_q"],
            record=record,
            seed=record.get("seed"),
        )

    def retrace(self, trace: Trace, z: tf.Tensor, log_q: tf.Tensor) -> Trace:
        """Return the trace of the same pass with other draws z [S, B, latent_dim] and their log q [S, B]."""
        likelihood = self._decode(z)
        return dataclasses.replace(
            trace,
            z=z,
            log_q=log_q,
            px=self.likelihood.distribution(likelihood),
            record={**trace.record, "z": z, "log_q": log_q, "likelihood": likelihood},
        )

    def observe(self, trace: Trace) -> None:
        """Let posterior and prior see a training batch."""
        self.posterior.observe(trace)
        self.prior.observe(trace)

    def estimate(self, loss: tf.Tensor, trace: Trace) -> tf.Tensor:
        """Return the loss with the posterior's gradient estimator."""
        return self.posterior.estimate(loss, trace)

    @property
    def has_density(self) -> bool:
        """Whether the posterior has a density."""
        return self.posterior.has_density

    def describe(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the location of q(z|x) and the mean of p(x|z) there."""
        location = self.latent(inputs)
        return {"latent": location, "reconstruction": self.decoded_mean(location)}

    def latent(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location of q(z|x), [B, latent_dim]."""
        return self.posterior.location(self._encode(inputs["x"]).params)

    def posterior_summary(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what an export says of q(z|x): `location`, and what else the posterior names."""
        return self.posterior.summary(self._encode(inputs["x"]).params)

    def decoded_mean(self, z: tf.Tensor) -> tf.Tensor:
        """Return E[x|z], [B, *event], for z [B, latent_dim]."""
        return self.likelihood.mean(self.likelihood(self.decoder(z)))

    def encode(self, inputs: object) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""
        return self._encode(self.checked(inputs)["x"]).distribution

    def decode(self, z: object) -> tfd.Distribution:
        """Return p(x|z) for z of shape [..., latent_dim]."""
        z = tf.cast(z, tf.float32)
        if z.shape.rank < 1 or z.shape[-1] != self.latent_dim:
            raise InvalidInput("z", f"shape (..., {self.latent_dim})", tuple(z.shape))
        return self.likelihood.distribution(self._decode(z))

    def reconstruct(self, inputs: object, batch_size: int = 512) -> np.ndarray:
        """Return E[x|z] at the location of q(z|x), [B, *event]; no noise."""
        return self.predict(self.checked(inputs)["x"], batch_size=batch_size, verbose=0)["reconstruction"]

    def sample(self, num_samples: int = 1, seed: int = 0) -> np.ndarray:
        """Return E[x|z] for `num_samples` draws z ~ p(z), [num_samples, *event].

        For draws of x itself: `decode(z).sample(seed=...)`.
        """
        if not num_samples >= 1:
            raise InvalidInput("num_samples", "a whole number of at least 1", num_samples)
        noise = tf.random.stateless_normal((num_samples, self.prior_noise_dim), as_seed(seed))
        return self.decoded_mean(self.prior_draw(noise)).numpy()

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""
        return self.prior.noise_dim(self.posterior)

    def prior_draw(self, noise: tf.Tensor) -> tf.Tensor:
        """Return z ~ p(z), [B, latent_dim], made of standard normal noise [B, prior_noise_dim]."""
        return self.prior.transform(noise, encode=self._encode)

    def _encode(self, x: tf.Tensor) -> Encoded:
        return Encoded(self.posterior, self.posterior(self.encoder(self.likelihood.encoder_input(x))))

    def _log_joint(self, inputs: dict[str, tf.Tensor], z: tf.Tensor) -> tf.Tensor:
        px = self.likelihood.distribution(self._decode(z))
        return px.log_prob(inputs["x"]) + self.prior.distribution(encode=self._encode).log_prob(z)

    def _decode(self, z: tf.Tensor) -> dict[str, tf.Tensor]:
        """Fold the leading axes of z into one for the network, and unfold the parameters."""
        leading = tf.shape(z)[:-1]
        flat = self.likelihood(self.decoder(tf.reshape(z, (-1, self.latent_dim))))
        return {
            name: tf.reshape(value, tf.concat([leading, tf.shape(value)[1:]], 0))
            for name, value in flat.items()
        }
